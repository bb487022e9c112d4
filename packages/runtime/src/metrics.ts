import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What every metric has. Labels come from closed sets, never ids: each value is a series of its own. */
export interface MetricOptions<Label extends string> {
  /** Begins with `tds_`, ends in its unit; a counter in `_total`. */
  name: string
  help: string
  labelNames?: readonly Label[] | undefined
}

/** Every metric of this process; `/metrics` prints it. */
export const metricsRegistry = new Registry()

/** A number that only grows. Asked for twice by the same name, it is the same counter. */
export function counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label> {
  return existing(options.name, Counter<Label>) ?? new Counter<Label>(settingsOf(options))
}

/** A number that goes up and down. `collect` may set it freshly whenever it is read. */
export function gauge<Label extends string = never>(
  options: MetricOptions<Label> & { collect?: ((gauge: Gauge<Label>) => void | Promise<void>) | undefined },
): Gauge<Label> {
  const known = existing(options.name, Gauge<Label>)
  if (known !== undefined) return known
  const { collect } = options
  if (collect === undefined) return new Gauge<Label>(settingsOf(options))
  return new Gauge<Label>({
    ...settingsOf(options),
    collect() {
      return collect(this)
    },
  })
}

/** How measured values are spread; times in seconds. Buckets default to 5 ms up to 60 s. */
export function histogram<Label extends string = never>(
  options: MetricOptions<Label> & { buckets?: readonly number[] | undefined },
): Histogram<Label> {
  const buckets = [...(options.buckets ?? secondsBuckets)]
  return existing(options.name, Histogram<Label>) ?? new Histogram<Label>({ ...settingsOf(options), buckets })
}

/** Switches on what is told of every process: memory, CPU, handles, event loop lag. Twice is as good as once. */
export function collectProcessMetrics(): void {
  if (processMetricsOn) return
  processMetricsOn = true
  collectDefaultMetrics({ register: metricsRegistry })
}

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

let processMetricsOn = false

function existing<M extends object>(name: string, kind: new (...settings: never[]) => M): M | undefined {
  const known: unknown = metricsRegistry.getSingleMetric(name)
  if (known === undefined || known instanceof kind) return known
  throw new TypeError(`the metric ${name} exists already and is of another kind`)
}

function settingsOf<Label extends string>({ name, help, labelNames = [] }: MetricOptions<Label>) {
  return { name, help, labelNames: [...labelNames], registers: [metricsRegistry] }
}
