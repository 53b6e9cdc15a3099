// What this browser shows, and how often it looks. Nothing here leaves the browser.
import type { ComponentChildren } from 'preact';
import { Heading } from '../components/basics';
import { Panel } from '../components/panel';
import { formatAbsolute } from '../format';
import { t } from '../i18n';
import { change, INTERVALS, LANGUAGES, PAGE_SIZES, settings, type Language } from '../settings';
import { useStore } from '../store';
import { useNow } from '../components/basics';

function Choice<T extends string | number>({ label, value, options, set, note }:
  { label: string; value: T; options: readonly (readonly [T, string])[]; set: (value: T) => void; note?: ComponentChildren }) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="segmented">
        {options.map(([one, text]) => (
          <label key={one} class={one === value ? 'on' : ''}>
            <input type="radio" name={label} checked={one === value} onChange={() => set(one)} />{text}
          </label>
        ))}
      </div>
      {note && <p class="note">{note}</p>}
    </fieldset>
  );
}

export function SettingsPage() {
  const now = useNow();
  const current = useStore(settings);
  const zoneName = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      <Heading title={t('nav.settings')} note={t('settings.note')} />
      <Panel title={t('settings.look')}>
        <Choice label={t('settings.theme')} value={current.theme} set={(theme) => change({ theme })}
          options={(['system', 'light', 'dark'] as const).map((one) => [one, t(`theme.${one}`)] as const)} />
        <Choice label={t('settings.language')} value={current.language} set={(language) => change({ language })}
          options={Object.entries(LANGUAGES) as [Language, string][]} />
        <Choice label={t('settings.zone')} value={current.zone} set={(zone) => change({ zone })}
          options={[['local', t('zone.local', { name: zoneName })], ['utc', 'UTC']] as const}
          note={formatAbsolute(now, current)} />
        <Choice label={t('settings.page-size')} value={current.pageSize} set={(pageSize) => change({ pageSize })}
          options={PAGE_SIZES.map((size) => [size, String(size)] as const)} />
      </Panel>
      <Panel title={t('settings.refresh')}>
        <Choice label={t('settings.interval')} value={current.interval} set={(interval) => change({ interval })}
          options={INTERVALS.map((seconds) => [seconds, t('unit.seconds', { seconds })] as const)} note={t('settings.interval-note')} />
        <label class="check"><input type="checkbox" checked={current.paused} onChange={() => change({ paused: !current.paused })} />{t('live.pause')}</label>
      </Panel>
    </>
  );
}
