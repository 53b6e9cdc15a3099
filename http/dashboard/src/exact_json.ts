// JSON that keeps numbers a double cannot hold: 9007199254740993 stays 9007199254740993.

/** A number by its digits, as it was sent. */
export class ExactNumber {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Json = null | boolean | number | string | ExactNumber | Json[] | { [name: string]: Json };

const MARK = '\u0000number:';
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function fits(digits: string): boolean {
  const value = Number(digits);
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value);
  return Number.isFinite(value) && digits.replace(/[^\d]/g, '').length <= 15;
}

export function parseExact(text: string): unknown {
  if (!/\d{16}|\d\.\d{14}|\d[eE][+-]?\d{3}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKEN, (token) =>
    token.startsWith('"') || fits(token) ? token : JSON.stringify(MARK + token));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value);
}

/** The inverse, with two blanks a level. */
export function formatJson(value: unknown, indent = ''): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const inner = value.map((item) => `${indent}  ${formatJson(item, `${indent}  `)}`);
    return `[\n${inner.join(',\n')}\n${indent}]`;
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    const inner = entries.map(([name, item]) =>
      `${indent}  ${JSON.stringify(name)}: ${formatJson(item, `${indent}  `)}`);
    return `{\n${inner.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
