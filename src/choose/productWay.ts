/** Another way to multiply matrices, for programs that ask for it: `useFewRows()`. */
import { choicesChanged } from '../gpu/choices.js';
import type { Split } from '../kernels/gemm/split.js';
import type { Kernel } from '../kernels/kernel.js';
import type { MatmulSpec } from '../kernels/matmul.js';

export interface ProductWay {
  /** Whether it is the default for a product; undefined where it is not even tried. */
  defaults(product: Omit<MatmulSpec, 'variant'>): boolean | undefined;
  /** As `matmul` of the kernels. */
  make(product: MatmulSpec): Kernel | Split;
}

/** The other way, if there is one. */
export let productWay: ProductWay | null = null;

/** Sets the other way, or none; steps that are recorded are recorded anew. */
export function useProductWay(way: ProductWay | null): void {
  productWay = way;
  choicesChanged();
}
