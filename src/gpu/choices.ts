/** Changes of the choice among kernels, which `kindling/tune` makes: a recorded step is only good for those it was made with. */
let version = 0;

/** Changes whenever a choice may have changed. */
export const tuningVersion = (): number => version;

export function choicesChanged(): void {
  version++;
}
