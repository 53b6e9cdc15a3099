// Pages by cursor: forwards and backwards, without numbers that would lie while rows arrive.
import { t } from '../i18n';
import type { Page } from '../types';
import { setFilters } from './filters';
import { place } from '../router';
import { useStore } from '../store';
import { Icon } from './icons';

export function Pager({ page, rows }: { page: Page; rows: number }) {
  const { query } = useStore(place);
  const exact = page.totalExact !== false;
  return (
    <div class="pager">
      <p role="status" aria-live="polite">
        {t(exact ? 'pager.of' : 'pager.of-more', { rows, count: page.total })}
        {page.truncated && <> · {t('pager.truncated')}</>}
      </p>
      <div>
        {query.cursor && (
          <button type="button" onClick={() => setFilters({ cursor: '' })}>{t('pager.first')}</button>
        )}
        {query.cursor && (
          <button type="button" aria-label={t('pager.prev')}
            onClick={() => page.prev ? setFilters({ cursor: page.prev }) : history.back()}>
            <Icon name="left" />{t('pager.prev')}
          </button>
        )}
        <button type="button" disabled={!page.next} onClick={() => setFilters({ cursor: page.next ?? '' })}>
          {t('pager.next')}<Icon name="right" />
        </button>
      </div>
    </div>
  );
}
