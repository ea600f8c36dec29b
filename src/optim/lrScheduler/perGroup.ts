/** Settings that are one value for all parameter groups, or one for each. */
import { demand, type ScheduledOptimizer } from './scheduler.js';

/** One value for all parameter groups, or one for each. */
export type PerGroup = number | readonly number[];

/** The value of a group. */
export const of = (value: PerGroup, group: number): number => (typeof value === 'number' ? value : (value[group] ?? 0));

/** Throws unless each setting is a number, or one for each group. */
export function wantPerGroup(
  name: string,
  { paramGroups: { length } }: ScheduledOptimizer,
  settings: Readonly<Record<string, PerGroup>>,
): void {
  for (const [option, value] of Object.entries(settings)) {
    const fits = typeof value === 'number' || value.length === length;
    demand(fits, name, `${option} wants a number, or one for each of ${length} parameter groups`);
  }
}

/** What of a parameter group is cycled besides the rate. */
interface Cycled {
  momentum?: number;
  betas?: readonly [number, number];
}

/** Throws unless every group has a momentum or betas. */
export function wantMomentum(name: string, { paramGroups }: ScheduledOptimizer): void {
  const hasMomentum = paramGroups.every((group) => 'betas' in group || 'momentum' in group);
  demand(hasMomentum, name, 'the optimizer has no momentum; set cycleMomentum to false');
}

/** Sets the momentum of a group, or Adam's first beta. */
export function setMomentum({ paramGroups }: ScheduledOptimizer, group: number, momentum: number): void {
  const cycled = paramGroups[group] as Cycled;
  if (cycled.betas) cycled.betas = [momentum, cycled.betas[1]];
  else cycled.momentum = momentum;
}
