/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Charts over time, drawn by uPlot. Screen readers get the same values as a table. */
import { useEffect, useRef } from "hono/jsx/dom";
import { useState } from "../hooks.ts";
import uPlot from "uplot";
import { useStore } from "../store.ts";
import { theme } from "./theme_switch.tsx";

export interface Point {
  /** Milliseconds. */
  time: number;
  value: number;
}

export interface ChartProps {
  /** What the chart shows, e.g. "Orders an hour". */
  label: string;
  points: readonly Point[];
  formatTime: (time: number) => string;
  formatValue?: (value: number) => string;
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** `light-dark(a, b)` is not resolved in a variable: an element has the colour that is meant. */
function resolveColor(host: HTMLElement, name: string): string {
  host.style.color = color(name);
  const resolved = getComputedStyle(host).color;
  host.style.color = "";
  return resolved;
}

function describeAxes(host: HTMLElement, formatTime: (time: number) => string): uPlot.Axis[] {
  const stroke = resolveColor(host, "--muted");
  const grid = { stroke: resolveColor(host, "--line"), width: 1 };
  const font = `12px ${getComputedStyle(host).fontFamily}`;
  const base = { stroke, font, ticks: { show: false } };
  return [
    {
      ...{ ...base, grid: { show: false }, gap: 6, size: 26, space: 64 },
      values: (_plot: uPlot, splits: number[]) => splits.map((split) => formatTime(split * 1000)),
    },
    {
      ...base,
      grid,
      gap: 8,
      size: 44,
      space: 36,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    },
  ];
}

/** Time between two points: the last bar needs as much. */
function stepOf([times]: uPlot.AlignedData): number {
  return times.length < 2 ? 0 : (times[1] as number) - (times[0] as number);
}

function makePlot(
  host: HTMLElement,
  data: uPlot.AlignedData,
  formatTime: (time: number) => string,
  paths: uPlot.Series.PathBuilder | undefined,
  onPoint: (index: number | null) => void,
): uPlot {
  const accent = resolveColor(host, "--accent");
  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: paths === undefined } },
    scales: {
      x: { range: (_plot, min, max) => [min, paths ? max + stepOf(data) : max] },
      y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: describeAxes(host, formatTime),
    series: [{}, {
      stroke: accent,
      width: paths ? 0 : 2,
      fill: paths ? accent : undefined,
      points: { show: false },
      ...(paths && { paths }),
    } as uPlot.Series],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, data, host);
}

function ValueTable({ label, points, formatTime, formatValue = String }: ChartProps) {
  return (
    <div class="visually-hidden">
      <table>
        <caption>{label}</caption>
        <tbody>
          {points.map(({ time, value }) => (
            <tr key={time}>
              <th scope="row">{formatTime(time)}</th>
              <td>{formatValue(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TimeChart({ paths, ...props }: ChartProps & { paths?: uPlot.Series.PathBuilder }) {
  const { points, formatTime, formatValue = String } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const colors = useStore(theme);
  const data: uPlot.AlignedData = [
    points.map(({ time }) => time / 1000),
    points.map(({ value }) => value),
  ];
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const element = host.current as HTMLDivElement;
    // It reports the size as soon as the element is part of the page.
    const resizing = new ResizeObserver(() => {
      const size = { width: element.clientWidth, height: element.clientHeight };
      if (plot.current) plot.current.setSize(size);
      else plot.current = makePlot(element, latest.current ?? data, formatTime, paths, setIndex);
    });
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [colors]);
  useEffect(() => plot.current?.setData(data), [JSON.stringify(data)]);
  const point = index === null ? undefined : points[index];
  return (
    <figure class="chart-figure">
      <div ref={host} class="chart" aria-hidden="true" />
      <p class="chart-value small muted" aria-hidden="true">
        {point && `${formatTime(point.time)}: ${formatValue(point.value)}`}
      </p>
      <ValueTable {...props} />
    </figure>
  );
}

const bars = uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.15, align: 1 });

export function BarChart(props: ChartProps) {
  return <TimeChart {...props} {...(bars && { paths: bars })} />;
}

export function LineChart(props: ChartProps) {
  return <TimeChart {...props} />;
}
