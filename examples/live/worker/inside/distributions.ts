/** Histograms, as the library's logger makes them. */
import { type Histogram, Logger } from 'kindling/log';

/** Of each array, in their order. */
export async function histogramsOf(arrays: readonly ArrayLike<number>[]): Promise<Histogram[]> {
  const found: Histogram[] = [];
  const logger = new Logger({ sinks: [(record) => record.type === 'histogram' && found.push(record.histogram)] });
  for (const [i, values] of arrays.entries()) logger.addHistogram(String(i), values);
  await logger.close();
  return found;
}
