/**
 * What files of functions say of ONNX. By default they export how theirs are put into its operators, which `kindling/onnx` reads;
 * `export *` passes that over, so that other programs do not carry it.
 */
import type { Shape } from '../tensor/shape.js';
import type { DType, Tensor } from '../tensor/tensor.js';

/** Whole numbers, a float, text, or a list of whole numbers. */
export type Attribute = number | { readonly float: number } | string | readonly number[];

/** Elements that are known; i64 as plain numbers. */
export interface Elements {
  readonly dtype: DType | 'i64';
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A tensor, the name of a value ('' for an input left out), an f32 scalar, an int64 vector, or elements. */
export type OnnxOperand = Tensor | string | number | readonly number[] | Elements;

/** The graph that rules add to. */
export interface OnnxGraph {
  /** For rules that differ from version to version. */
  readonly opset: number;
  /** The name of a tensor's value. */
  nameOf(tensor: Tensor): string;
  /** Adds a node. Returns the name of its output. */
  node(op: string, operands: readonly OnnxOperand[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** `x` in another shape. */
  reshape(x: OnnxOperand, shape: Shape): string;
}

/** A function that ran, or a launch that belongs to none. */
export interface Call {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** The first of the inputs. */
  readonly x: Tensor;
  readonly value: Tensor;
  /** What the function depends on besides; null for a launch. */
  readonly attributes: object | null;
}

/**
 * Adds the nodes of one call and returns the name of its result. Rules of two parameters want no attributes: they serve
 * launches that no function owns too.
 */
export type OnnxRule = (graph: OnnxGraph, call: Call, attributes: never) => string;

/** Rules by the names of functions; a text is an operator of the same inputs. */
export type OnnxRules = Readonly<Record<string, OnnxRule | string>>;

/** What a function of one tensor and a number depends on. */
export type Parameter = { readonly parameter: number };

export const scalar = (dtype: DType | 'i64', value: number): Elements => ({ dtype, shape: [], data: [value] });
