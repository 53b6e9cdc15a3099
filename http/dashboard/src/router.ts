// The page's URL: which page, which job, which filters. Links are ordinary links.
import { basePath, href } from './base';
import { createStore } from './store';
import { readQuery, writeQuery, type Query } from './url_state';

export interface Place {
  /** Below the base path: "/", "/jobs", "/jobs/42". */
  path: string;
  query: Query;
}

function here(): Place {
  const path = location.pathname.startsWith(basePath) ? location.pathname.slice(basePath.length) : '/';
  return { path: path.replace(/\/+$/, '') || '/', query: readQuery(location.search) };
}

export const place = createStore<Place>(here());

export function linkTo(path: string, query: Query = {}): string {
  return href(path) + writeQuery(query);
}

export function go(path: string, query: Query = {}, how: 'push' | 'replace' = 'push'): void {
  const before = place.get();
  const url = linkTo(path, query);
  if (how === 'replace') history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  place.set(here());
  if (path !== before.path) arrive();
}

/** A new page begins at its top, and a screen reader at its heading. */
function arrive(): void {
  window.scrollTo(0, 0);
  requestAnimationFrame(() => document.getElementById('page-title')?.focus({ preventScroll: true }));
}

function ours(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.dataset.external !== undefined) return null;
  const inside = link.pathname === basePath || link.pathname.startsWith(`${basePath}/`);
  return link.origin === location.origin && inside && !link.hash ? link : null;
}

export function startRouter(): void {
  window.addEventListener('popstate', () => place.set(here()));
  document.addEventListener('click', (event) => {
    const link = ours(event);
    if (!link) return;
    event.preventDefault();
    go(link.pathname.slice(basePath.length) || '/', readQuery(link.search));
  });
}
