/** How Python names and names what a module holds, and prints what stands in its brackets. */

/** `runningMean` as `running_mean`. */
export const snakeCase = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, capital: string) => `${before}_${capital.toLowerCase()}`);

/** A number as Python's repr of a float that is not whole: 1e-05, 0.1. Whole numbers stay as they are. */
export function real(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e16)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** A float that Python was given as one: 1.0. */
export const float = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : real(value));

export const bool = (value: boolean): string => (value ? 'True' : 'False');

/** A number, or numbers as a tuple. */
export const tuple = (value: number | readonly number[]): string =>
  typeof value === 'number' ? String(value) : `(${value.join(', ')}${value.length === 1 ? ',' : ''})`;

/** `name=value` for each entry. */
export const named = (entries: Readonly<Record<string, string | number>>): string =>
  Object.entries(entries)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

/** The window of a pooling. */
export const windowRepr = ({
  kernelSize,
  stride,
  padding,
}: Readonly<Record<'kernelSize' | 'stride' | 'padding', number | readonly number[]>>): string =>
  named({ kernel_size: tuple(kernelSize), stride: tuple(stride), padding: tuple(padding) });
