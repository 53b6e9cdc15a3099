// The rows of a list, all pages of it, as a file.
import { useState } from 'preact/hooks';
import { messageOf } from '../actions';
import { exportRows, FORMATS, type Format } from '../export';
import { t } from '../i18n';
import type { Query } from '../url_state';
import { tell } from './dialog';
import { Icon } from './icons';

function save(content: string[], type: string, name: string): void {
  const url = URL.createObjectURL(new Blob(content, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function ExportButton({ path, query, name }: { path: 'jobs' | 'logs'; query: Query; name: string }) {
  const [rows, setRows] = useState<number | null>(null);
  const run = async (format: Format) => {
    setRows(0);
    try {
      const { parts, count, complete } = await exportRows(path, query, format, setRows);
      save(parts, FORMATS[format], `townkrier-${name}-${new Date().toISOString().slice(0, 19).replace(/:/g, '')}.${format}`);
      tell(t(complete ? 'export.done' : 'export.cut', { count }), complete ? 'done' : 'failed');
    } catch (error) {
      tell(messageOf(error), 'failed');
    }
    setRows(null);
  };
  if (rows !== null) return <span class="muted" role="status">{t('export.running', { count: rows })}</span>;
  return (
    <span class="button-group" role="group" aria-label={t('export.label')}>
      <Icon name="download" />
      {(Object.keys(FORMATS) as Format[]).map((format) => (
        <button type="button" key={format} onClick={() => void run(format)} aria-label={t('export.as', { format: format.toUpperCase() })}>
          {format.toUpperCase()}
        </button>
      ))}
    </span>
  );
}
