// JSON as text, with its digits as they came. Long values are cut until asked for.
import { useState } from 'preact/hooks';
import { formatJson } from '../exact_json';
import { t } from '../i18n';
import { clip, visible } from '../safe_text';
import { CopyButton } from './basics';

const SHORT = 6000;
const MOST = 300_000;

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** Colours by kind of token; what is not one stays as it is. */
function paint(text: string): preact.ComponentChildren[] {
  const parts: preact.ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, match.index));
    const kind = match[1] ? (match[2] ? 'name' : 'string') : match[3] ? 'number' : 'word';
    parts.push(<span class={`json-${kind}`}>{match[1] ?? match[0]}</span>);
    if (match[2]) parts.push(match[2]);
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

export function JsonView({ value, label }: { value: unknown; label: string }) {
  const [open, setOpen] = useState(false);
  const text = formatJson(value);
  const shown = visible(clip(text, open ? MOST : SHORT));
  return (
    <div class="json">
      <CopyButton text={text} label={t('copy.json', { what: label })} />
      <pre class="text" tabIndex={0} aria-label={label}>{shown.length <= SHORT + 1 ? paint(shown) : shown}</pre>
      {text.length > SHORT && (
        <button type="button" class="link" onClick={() => setOpen(!open)}>
          {open ? t('text.less') : t('text.more', { count: text.length })}
        </button>
      )}
    </div>
  );
}
