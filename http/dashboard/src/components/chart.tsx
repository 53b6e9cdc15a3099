// A line or bar graph over time: uPlot in the page's colours, a legend with numbers, the same as a table.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { t } from '../i18n';
import { formatAbsolute, formatClock } from '../format';
import { settings } from '../settings';
import { useStore } from '../store';

export interface Line {
  name: string;
  /** A colour of styles/tokens.css: "completed". */
  color: string;
  values: (number | null)[];
}

interface ChartProps {
  label: string;
  times: number[];
  lines: Line[];
  kind?: 'line' | 'bars';
  format: (value: number) => string;
  /** From and to, in ms, where the data may not fill it. */
  range?: [number, number];
  tick?: (time: number) => string;
  height?: number;
  /** The plain sum makes sense (counts, not rates). */
  sums?: boolean;
  /** Bars stand on each other, the last at the bottom. */
  stacked?: boolean;
  /** What the table has, where it is not what is drawn. */
  table?: { times: number[]; lines: Line[]; format: (value: number) => string };
}

/** So few values among gaps are drawn as dots, which show by themselves and do not hide each other. */
const FEW = 30;

function isSparse({ lines, kind }: ChartProps): boolean {
  return kind !== 'bars' && lines.every(({ values }) => values.includes(null) && values.filter((value) => value !== null).length < FEW);
}

/** What uPlot draws: times, then a row a line. An empty bar is none. */
function drawn({ times, lines, kind, stacked }: ChartProps): uPlot.AlignedData {
  const rows = lines.map(({ values }) => [...values]);
  if (stacked) {
    for (let row = rows.length - 2; row >= 0; --row) {
      rows[row] = rows[row]!.map((value, at) => (value ?? 0) + (rows[row + 1]![at] ?? 0));
    }
  }
  const shown = kind === 'bars' ? rows.map((row) => row.map((value) => value || null)) : rows;
  return [times, ...shown] as uPlot.AlignedData;
}

function color(name: string): string {
  const probe = document.createElement('span');
  probe.className = `paint-${name}`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function faint(value: string, alpha: number): string {
  return value.replace(/^rgba?\(([^)]+)\)$/, (_, parts: string) =>
    `rgba(${parts.split(/[\s,/]+/).slice(0, 3).join(', ')}, ${alpha})`);
}

function optionsOf(props: ChartProps, width: number): uPlot.Options {
  const { lines, kind, format, tick, range, height } = props;
  const dots = isSparse(props);
  const grid = faint(color('line'), 0.7);
  const axis = { stroke: color('muted'), grid: { stroke: grid, width: 1 }, ticks: { show: false },
    font: '11px system-ui, sans-serif' };
  return {
    width, height: height ?? 180, ms: 1, legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range: range ? () => range : undefined },
      y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      { ...axis, space: 70, size: 24, values: (_, splits) => splits.map((split) => tick?.(split) ?? '') },
      { ...axis, size: 48, space: 34, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...lines.map((line): uPlot.Series => {
      const stroke = color(line.color);
      return {
        label: line.name, stroke, width: kind === 'bars' ? 0 : 1.5, spanGaps: false,
        fill: faint(stroke, kind === 'bars' ? 0.85 : dots ? 0 : 0.08),
        points: { show: dots, size: 6, fill: stroke },
        paths: kind === 'bars' ? uPlot.paths.bars!({ size: [0.8, 48], gap: 1, radius: 0.08 }) : undefined,
      };
    })],
  };
}

function Plot(props: ChartProps & { hover: (index: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { theme } = useStore(settings);
  const shape = props.lines.map((line) => line.name).join('|') + (props.kind ?? '') + theme + isSparse(props);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const target = box.current!;
    const make = () => {
      plot.current?.destroy();
      const options = optionsOf({ ...latest.current, range: undefined }, Math.max(target.clientWidth, 120));
      options.scales!.x!.range = (_, min, max) => latest.current.range ?? [min ?? 0, max ?? 1];
      options.axes![0]!.values = (_, splits) => splits.map((split) => latest.current.tick?.(split) ?? '');
      options.hooks = { setCursor: [(chart) => latest.current.hover(chart.cursor.idx ?? null)] };
      plot.current = new uPlot(options, drawn(latest.current), target);
    };
    make();
    const observer = new ResizeObserver(() => plot.current?.setSize({
      width: Math.max(target.clientWidth, 120), height: latest.current.height ?? 180 }));
    observer.observe(target);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(drawn(props));
  }, [props.times, props.lines]);

  return <div class="plot" ref={box} aria-hidden="true" />;
}

function DataTable({ label, sums, ...props }: ChartProps) {
  const { times, lines, format } = props.table ?? props;
  const style = useStore(settings);
  return (
    <div class="scroll chart-table" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead><tr><th scope="col">{t('chart.time')}</th>{lines.map((line) => <th scope="col" class="num" key={line.name}>{line.name}</th>)}</tr></thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <td>{formatAbsolute(time, style)}</td>
              {lines.map((line) => <td class="num" key={line.name}>{line.values[index] == null ? '–' : format(line.values[index]!)}</td>)}
            </tr>
          ))}
        </tbody>
        {sums && (
          <tfoot><tr><th scope="row">{t('chart.sum')}</th>
            {lines.map((line) => <td class="num" key={line.name}>{format(line.values.reduce<number>((sum, value) => sum + (value ?? 0), 0))}</td>)}
          </tr></tfoot>
        )}
      </table>
    </div>
  );
}

export function Chart(props: ChartProps) {
  const [asTable, setTable] = useState(false);
  const [index, setIndex] = useState<number | null>(null);
  const style = useStore(settings);
  const at = index ?? props.times.length - 1;
  const time = props.times[at];
  // What a bar graph says as a whole is its sum; a line's is where it is now.
  const valueOf = ({ values }: Line) => (props.kind === 'bars' && props.sums && index === null
    ? values.reduce<number>((sum, value) => sum + (value ?? 0), 0) : values[at]);
  return (
    <figure class="chart">
      <figcaption>
        <span class="legend">
          {props.lines.map((line) => {
            const value = valueOf(line);
            return (
              <span class="legend-item" key={line.name}>
                <span class={`swatch paint-${line.color}`} aria-hidden="true" />{line.name}
                <b>{value == null ? '–' : props.format(value)}</b>
              </span>
            );
          })}
          {index !== null && time !== undefined && <span class="muted">{formatClock(time, style)}</span>}
        </span>
        <button type="button" class="link" aria-pressed={asTable} onClick={() => setTable(!asTable)}>
          {t(asTable ? 'chart.graph' : 'chart.table')}
        </button>
      </figcaption>
      {asTable ? <DataTable {...props} /> : <Plot {...props} hover={setIndex} />}
    </figure>
  );
}
