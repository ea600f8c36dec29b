/** What a kernel is, and what a map is: types alone, which the stream knows kernels by. */

/** What arrays hold. f16 is read and written as such, and computed with as f32. */
export type Made = Scalar | 'f16';

/** Element type of a storage buffer as the shader sees it. bool tensors are u32 of 0 or 1. */
export type Element = Made | `vec4<${Made}>`;

export interface Kernel {
  /** Dotted, as in `conv2d.weightGrad.partial`; shown by the profiler and in errors. */
  readonly name: string;
  /** The complete shader; its entry point is `main`. */
  readonly wgsl: string;
  /** How each binding of group 0 is used, in binding order: inputs first, then outputs. */
  readonly access: readonly ('read' | 'write')[];
  readonly workgroups: readonly [number, number, number];
  /** The u32 fields of the uniform `params`, bound after `access`; they never change. */
  readonly params?: readonly number[] | undefined;
  /** Multiplications and additions of one launch, where they are what a kernel spends its time on. */
  readonly flops?: number | undefined;
  /** Of a map: what is needed to put it together with others. */
  readonly map?: MapParts;
  /** The same with maps of its one output behind it, where it leaves room for them: see `puts` of a kernel's source. */
  readonly withTail?: ((tail: Tail) => Kernel) | undefined;
  /** Of a convolution: the same with a ReLU and what a `pools` kernel does behind it, if that has the same planes. */
  readonly pooled?: (height: number, width: number) => Kernel | null;
  /** Of max-pooling of a ReLU by 2 × 2: height and width of the planes that it reads. */
  readonly pools?: readonly [number, number];
}

/** Maps of what a kernel makes, computed where it is made: `fn tail(y: f32, i: u32)`, which writes what is wanted of them. */
export interface Tail {
  readonly name: string;
  readonly module: string;
  /** Bound behind what the kernel reads, and what it writes. */
  readonly read: Readonly<Record<string, Element>>;
  readonly write: Readonly<Record<string, Element>>;
  readonly params: Readonly<Record<string, number>>;
  /** Whether what the kernel itself makes is written too. */
  readonly keeps: boolean;
}

/** How a flat array is cut. */
export interface Flat {
  /** Invocations per workgroup. */
  readonly workgroup: number;
  /** Elements per invocation, or vec4 of them. */
  readonly perInvocation: number;
  /** Whether four elements are loaded and stored at once; where the size does not allow it they go one by one. */
  readonly vector: boolean;
}

export type Scalar = 'f32' | 'i32' | 'u32';

export interface Strided {
  readonly type: Scalar;
  readonly strides: readonly number[];
  readonly offset?: number | undefined;
  /** Elements that there are, where not all that are read are: the last of them may be no whole vec4. */
  readonly length?: number | undefined;
}

/** What a map reads, under the name that its line has for it; without strides, at the same index. */
export interface MapInput extends Partial<Strided> {
  readonly name: string;
  readonly type: Scalar;
}

export interface MapLine {
  readonly name: string;
  /** Shape of the result; strides are by its dimensions. */
  readonly shape: readonly number[];
  /** In the order in which they are bound; all are in the line. */
  readonly inputs: readonly MapInput[];
  readonly result: Made;
  /** WGSL in the inputs' names, `place` (the index of the element) and `params.` with the names of params. */
  readonly value: string;
  readonly params?: Readonly<Record<string, number>> | undefined;
  /** Functions that it calls. */
  readonly uses?: readonly string[] | undefined;
}

/** One map of several. */
export interface MapStep {
  readonly line: MapLine;
  /** For each input the number of what is bound, or ~n for what step n makes. */
  readonly from: readonly number[];
  /** Whether what it makes is written. */
  readonly stored: boolean;
}

/** What is bound for reading, as an input of a map. */
export type MapRead = readonly [MapLine, MapInput];

/** A map by itself, as its kernel carries it. */
export interface MapParts {
  readonly line: MapLine;
  readonly flat: Flat;
  /** Its number among maps. */
  readonly id: number;
  readonly size: number;
  /** How each input is read: nothing where that is at the same index. */
  readonly ways: readonly string[];
  /** Makes the kernel of several maps, and steps to follow what another kernel makes: see map.ts. */
  readonly together: (steps: readonly MapStep[], reads: readonly MapRead[], flat: Flat) => Kernel;
  readonly behind: (
    steps: readonly (MapStep | null)[],
    reads: readonly MapRead[],
    size: number,
    keeps: boolean,
  ) => Tail;
}
