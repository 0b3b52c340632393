/** How fast a job has been from its beginning. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type uPlotType from "uplot";
import { speedHistory } from "../api/queries";
import type { JobDetails } from "../api/schema";
import { joined, type Sample, speeds } from "../api/speeds";
import { Section } from "../components/section";
import { clockTime, dayTime, number, size } from "../words";

const HEIGHT = 160;

export function SpeedGraph({ job }: { readonly job: JobDetails }) {
  const { data } = useQuery(speedHistory(job.id));
  const live = useSyncExternalStore(speeds.subscribe, () => speeds.of(job.id));
  const samples = useMemo(() => joined(data?.speeds ?? [], live), [data, live]);
  const bytes = samples.some((one) => one.bytes !== null);
  const values = samples.map((one) => (bytes ? one.bytes : one.items));
  const known = values.filter((one): one is number => one !== null);
  const enough = known.length > 2;
  const words = bytes ? (value: number) => `${size(value)}/s` : (value: number) => `${number(Math.round(value))} items/s`;
  if (!enough && job.status !== "running") return null;
  return (
    <Section title="Speed">
      {enough ? (
        <>
          <Plot samples={samples} values={values} words={words} />
          <p className="quiet">
            Between {words(Math.min(...known))} and {words(Math.max(...known))}.
          </p>
        </>
      ) : (
        <p className="nothing">Not enough is known yet.</p>
      )}
    </Section>
  );
}

interface PlotProps {
  readonly samples: readonly Sample[];
  readonly values: readonly (number | null)[];
  readonly words: (value: number) => string;
}

/** Between two times at the edge of the graph: whole ones, so that none stands there twice. */
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 345_600, 691_200, 2_592_000];

const DAY = 86_400;

/** For the eye; what it says is said in words beside it. */
function Plot({ samples, values, words }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlotType | null>(null);
  const latest = useRef<uPlotType.AlignedData>([[], []]);
  latest.current = [samples.map((one) => one.at), [...values]];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words depend on the unit alone, which stays while a job runs
  useEffect(() => {
    let gone = false;
    void Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([{ default: UPlot }]) => {
      if (gone || !box.current) return;
      plot.current = new UPlot(options(box.current, words), latest.current, box.current);
    });
    const resized = new ResizeObserver(([entry]) => {
      if (entry) plot.current?.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT });
    });
    if (box.current) resized.observe(box.current);
    return () => {
      gone = true;
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(latest.current));
  return <div className="plot" ref={box} aria-hidden="true" />;
}

/** Of more than a day the time of day alone would stand there twice. */
function timeOf(splits: readonly number[]): (at: number) => string {
  const days = (splits[splits.length - 1] ?? 0) - (splits[0] ?? 0) >= DAY;
  return (at) => (days ? dayTime(at * 1_000) : clockTime(at * 1_000));
}

function options(box: HTMLElement, words: (value: number) => string): uPlotType.Options {
  // A canvas knows no variables: the style sheet gives the box the colours under names that are computed.
  const { color, borderTopColor, outlineColor, textDecorationColor } = getComputedStyle(box);
  const axis = { stroke: color, grid: { stroke: borderTopColor, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width: Math.max(200, Math.floor(box.clientWidth)),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, (most || 1) * 1.1] } },
    axes: [{ ...axis, size: 28, space: 90, incrs: SECONDS, values: (_, splits) => splits.map(timeOf(splits)) }, { ...axis, size: 84, values: (_, splits) => splits.map(words) }],
    series: [{}, { stroke: outlineColor, width: 2, fill: textDecorationColor, points: { show: false } }],
  };
}
