// Where the dashboard is mounted, found from where its script came from: right below every proxy's prefix.

const root = new URL('../', import.meta.url);

/** "/dashboard", without a slash at its end. */
export const basePath = root.pathname.replace(/\/$/, '');

/** `path` as in "jobs/42?x=1". */
export function apiUrl(path: string): string {
  return new URL(`api/${path}`, root).href;
}

/** `path` as in "/jobs"; "/" is the overview. */
export function href(path: string): string {
  return path === '/' ? basePath || '/' : basePath + path;
}
