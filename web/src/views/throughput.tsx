/** The last two minutes as a line: what all running jobs read and write together. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { running } from "../api/queries";
import { size } from "../words";

const POINTS = 120;
const WIDTH = 240;
const HEIGHT = 36;

/** Kept while other parts of the page are shown. */
let kept: readonly number[] = [];

export function Throughput() {
  const client = useQueryClient();
  const [points, setPoints] = useState(kept);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const jobs = client.getQueryData(running.queryKey)?.jobs ?? [];
      const now = jobs.reduce((sum, job) => sum + (job.progress.bytes_per_second ?? 0), 0);
      kept = [...kept.slice(1 - POINTS), now];
      setPoints(kept);
    }, 1_000);
    return () => window.clearInterval(timer);
  }, [client]);
  const now = points[points.length - 1] ?? 0;
  return (
    <figure className="throughput">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {points.length > 1 && points.some((value) => value > 0) && (
          <>
            <path className="area" d={`${line(points)} L${WIDTH} ${HEIGHT} L${start(points)} ${HEIGHT} Z`} />
            <path className="line" d={line(points)} />
          </>
        )}
      </svg>
      <figcaption>{now > 0 ? `${size(now)}/s` : "No data moves now"}</figcaption>
    </figure>
  );
}

function start(points: readonly number[]): number {
  return WIDTH - ((points.length - 1) * WIDTH) / (POINTS - 1);
}

function line(points: readonly number[]): string {
  const most = Math.max(...points, 1);
  const first = start(points);
  return points
    .map((value, place) => {
      const x = first + (place * WIDTH) / (POINTS - 1);
      const y = HEIGHT - 2 - (value / most) * (HEIGHT - 6);
      return `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join(" ");
}
