// Failed jobs, grouped by kind and message.
import { call } from '../api';
import { Bar, Heading, JobLink, Text, Time } from '../components/basics';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatNumber } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import type { ErrorGroup, Errors } from '../types';
import { useData } from '../use_data';

function Group({ group, most, language }: { group: ErrorGroup; most: number; language: string }) {
  return (
    <tr>
      <td class="num strong">{formatNumber(group.count, language)}
        <Bar class="share" share={group.count / most} paint="failed" /></td>
      <td class="main">
        <a class="row-title error-text" href={linkTo(`/jobs/${group.jobId}`)}><Text value={group.message || '–'} limit={240} /></a>
        <span class="row-sub"><Text value={group.kind} limit={60} /><JobLink id={group.jobId} /></span>
      </td>
      <td class="mid"><Text value={group.channels.join(', ') || '–'} limit={80} /></td>
      <td class="wide"><Time at={group.firstAt} /></td>
      <td><Time at={group.lastAt} /></td>
      <td class="end wide"><a class="button" href={linkTo('/failed', group.kind === 'notification' ? { channel: group.channels[0] ?? '' } : { kind: group.kind })}>{t('errors.jobs')}</a></td>
    </tr>
  );
}

export function ErrorsPage() {
  const { language } = useStore(settings);
  const loaded = useData('errors', (signal) => call<Errors>('errors', { signal }));
  return (
    <>
      <Heading title={t('nav.errors')} note={t('errors.note')} />
      <section class="panel flush" aria-label={t('nav.errors')}>
        <Shown from={loaded} lines={6}>
          {({ errors, scanned, truncated }) => errors.length === 0 ? <Empty title={t('errors.none')}>{t('errors.none-hint')}</Empty> : (
            <>
              <Scroll label={t('nav.errors')}>
                <table class="list">
                  <thead><tr>
                    <th scope="col" class="num">{t('errors.count')}</th><th scope="col">{t('job.error')}</th><th scope="col" class="mid">{t('job.channel')}</th>
                    <th scope="col" class="wide">{t('errors.first')}</th><th scope="col">{t('errors.last')}</th>
                    <th scope="col" class="wide"><span class="sr">{t('job.actions')}</span></th>
                  </tr></thead>
                  <tbody>
                    {errors.map((group) => <Group key={`${group.kind} ${group.message}`} group={group} most={errors[0]!.count} language={language} />)}
                  </tbody>
                </table>
              </Scroll>
              <div class="pager"><p role="status">{t(truncated ? 'errors.scanned-newest' : 'errors.scanned', { count: scanned })}</p></div>
            </>
          )}
        </Shown>
      </section>
    </>
  );
}
