/** How runs are counted. */
export interface RunLabels {
  readonly trigger: 'http' | 'cron';
  /** Class of the status, such as `2xx`, or `cut off`. */
  readonly result: string;
  /** Who answered. */
  readonly source: string;
}

/** A sample as prom-client has it. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metricName?: string;
}

/** Counts runs. */
export interface RunTally {
  count(labels: RunLabels, seconds: number): void;
  /** Runs by their labels. */
  runs(): Sample[];
  /** How long they took, as a histogram of that name has it. */
  durations(name: string): Sample[];
}

/** Upper bounds, in seconds, of the classes that durations are counted in. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Durations {
  readonly trigger: string;
  /** Of each class, and of what is above all of them. */
  readonly counts: number[];
  sum: number;
}

/**
 * Makes the count of runs. The library of the metrics takes ten times as long for each, and is not there before somebody
 * reads them: it is given the sums.
 */
export function createRunTally(): RunTally {
  const counted: { readonly labels: RunLabels; value: number }[] = [];
  const durations: Durations[] = [];

  function durationsOf(trigger: string): Durations {
    const found = durations.find((it) => it.trigger === trigger);
    if (found) return found;
    const made = { trigger, counts: Array<number>(SECONDS.length + 1).fill(0), sum: 0 };
    durations.push(made);
    return made;
  }

  return {
    count(labels, seconds) {
      const { trigger, result, source } = labels;
      // There are few: a status has one of five classes, and three may answer.
      const entry = counted.find((it) => {
        return it.labels.result === result && it.labels.source === source && it.labels.trigger === trigger;
      });
      if (entry) entry.value += 1;
      else counted.push({ labels, value: 1 });
      const ofTrigger = durationsOf(trigger);
      ofTrigger.sum += seconds;
      let at = 0;
      while (at < SECONDS.length && seconds > (SECONDS[at] ?? 0)) at += 1;
      ofTrigger.counts[at] = (ofTrigger.counts[at] ?? 0) + 1;
    },
    runs: () => counted.map(({ labels, value }) => ({ labels: { ...labels }, value })),
    durations: (name) =>
      durations.flatMap(({ trigger, counts, sum }) => {
        let value = 0;
        const buckets = counts.map((count, i): Sample => {
          value += count;
          const le = i < SECONDS.length ? String(SECONDS[i]) : '+Inf';
          return { metricName: `${name}_bucket`, labels: { le, trigger }, value };
        });
        return [
          ...buckets,
          { metricName: `${name}_sum`, labels: { trigger }, value: sum },
          { metricName: `${name}_count`, labels: { trigger }, value },
        ];
      }),
  };
}
