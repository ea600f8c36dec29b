/** What an optimizer is given: parameters, or groups of them with options of their own. */
import type { Tensor } from '../tensor/tensor.js';

/** Parameters that share options. */
export interface ParamGroup {
  params: Tensor[];
  lr: number;
  /** The rate that a scheduler started from. */
  initialLr?: number;
  [option: string]: unknown;
}

/** Parameters, or groups of them with options of their own. */
export type Params<Options> = Iterable<Tensor> | Iterable<GroupOptions<Options>>;

/** Parameters with options of their own. */
export type GroupOptions<Options> = { params: Iterable<Tensor> } & {
  [Name in keyof Options]?: Options[Name] | undefined;
};

export const isGroup = (value: unknown): boolean => typeof value === 'object' && value !== null && 'params' in value;

export const isFlag = (value: unknown): boolean => typeof value === 'boolean';

/** Options without those that are undefined, so that defaults hold. */
export const defined = <T extends object>(options: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
