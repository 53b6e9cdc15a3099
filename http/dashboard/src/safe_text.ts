// Texts of jobs are written by anybody. What they could do to a page without markup: turn the
// direction of what follows, hide, or be endless.

// Controls but tab and newline; marks and overrides of direction; invisible characters.
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Makes hidden characters visible: U+202E becomes "⟨U+202E⟩". */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) =>
    `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** At most `limit` characters, never half of a surrogate pair. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return `${text.slice(0, end)}…`;
}

/** One line of anything, for a cell. */
export function oneLine(text: string, limit = 200): string {
  return visible(clip(text, limit).replace(/\s+/g, ' '));
}
