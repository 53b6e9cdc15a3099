import { t } from '../i18n';
import { ENTRIES } from '../pages/routes';
import { session } from '../session';
import { useStore } from '../store';
import { Modal } from './dialog';

export function KeysDialog({ close }: { close: () => void }) {
  const { role } = useStore(session);
  const rows: [string[], string][] = [
    [['/'], t('keys.search')], [['?'], t('keys.help')], [['p'], t('live.pause')], [['.'], t('keys.refresh')],
    [['j', 'k'], t('keys.rows')], [['x'], t('keys.tick')], [['Enter'], t('keys.open')], [['Esc'], t('keys.leave')],
  ];
  return (
    <Modal title={t('keys.title')} close={close} wide>
      <div class="keys">
        <dl>{rows.map(([keys, text]) => <div key={text}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{text}</dd></div>)}</dl>
        <dl>{ENTRIES.filter((entry) => !entry.admin || role === 'admin').map((entry) => (
          <div key={entry.path}><dt><kbd>g</kbd><kbd>{entry.letter}</kbd></dt><dd>{t(entry.title)}</dd></div>))}</dl>
      </div>
    </Modal>
  );
}
