/** A decoder-only transformer, as GPT-2 has it: each position sees itself and what came before, and says what comes next. */
import { narrow, permute, reshape, select, type Tensor } from 'kindling';
import { Embedding, init, LayerNorm, Linear, Module, ModuleList } from 'kindling/nn';
import * as F from 'kindling/nn/functional';

export interface GptConfig {
  /** Kinds of characters. */
  readonly vocabulary: number;
  /** The longest input, in characters. */
  readonly context: number;
  /** Features of a position. */
  readonly width: number;
  /** Parts that attention works in; they divide the width. */
  readonly heads: number;
  readonly layers: number;
}

/** Attention over a position and those before it. x: [N, L, width]. */
class CausalSelfAttention extends Module {
  /** Queries, keys and values in one product. */
  qkv: Linear;
  proj: Linear;
  readonly #heads: number;

  constructor({ width, heads }: GptConfig) {
    super();
    if (width % heads !== 0) throw new Error(`${heads} heads do not divide width ${width}`);
    this.qkv = new Linear(width, 3 * width);
    this.proj = new Linear(width, width);
    this.#heads = heads;
  }

  override forward(x: Tensor): Tensor {
    const [n = 0, l = 0, width = 0] = x.shape;
    const parts = reshape(this.qkv(x), [n, l, 3, this.#heads, width / this.#heads]);
    // [N, 3, heads, L, width / heads]: with the batch first, shaders do not depend on its size.
    const split = permute(parts, [0, 2, 3, 1, 4]);
    const y = F.scaledDotProductAttention(select(split, 1, 0), select(split, 1, 1), select(split, 1, 2), {
      isCausal: true,
    });
    return this.proj(reshape(permute(y, [0, 2, 1, 3]), x.shape));
  }
}

/** x + attention, then x + a perceptron of each position; both see x normalised. */
class DecoderBlock extends Module {
  norm1: LayerNorm;
  attention: CausalSelfAttention;
  norm2: LayerNorm;
  up: Linear;
  down: Linear;

  constructor(config: GptConfig) {
    super();
    const { width } = config;
    this.norm1 = new LayerNorm(width);
    this.attention = new CausalSelfAttention(config);
    this.norm2 = new LayerNorm(width);
    this.up = new Linear(width, 4 * width);
    this.down = new Linear(4 * width, width);
  }

  override forward(x: Tensor): Tensor {
    const seen = x.add(this.attention(this.norm1(x)));
    return seen.add(this.down(F.gelu(this.up(this.norm2(seen)))));
  }
}

export class Gpt extends Module {
  tokens: Embedding;
  positions: Embedding;
  blocks: ModuleList<DecoderBlock>;
  norm: LayerNorm;
  head: Linear;

  /** Starts as GPT-2 does: weights normal with 0.02, those that end in the sum of a block smaller by √(2 · layers). */
  constructor(readonly config: GptConfig) {
    super();
    const { vocabulary, context, width, layers } = config;
    this.tokens = new Embedding(vocabulary, width);
    this.positions = new Embedding(context, width);
    this.blocks = new ModuleList(Array.from({ length: layers }, () => new DecoderBlock(config)));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, vocabulary, { bias: false });
    const ends = new Set([...this.blocks].flatMap(({ attention, down }) => [attention.proj, down]));
    for (const module of this.modules()) {
      if (!(module instanceof Embedding || module instanceof Linear)) continue;
      init.normal(module.weight, 0, module instanceof Linear && ends.has(module) ? 0.02 / Math.sqrt(2 * layers) : 0.02);
      if (module instanceof Linear && module.bias) init.zeros(module.bias);
    }
  }

  /** Characters, i32 [N, L] with L up to the context, to logits [N, L, vocabulary] of the character after each. */
  override forward(characters: Tensor): Tensor {
    const [, length = 0] = characters.shape;
    let x = this.tokens(characters).add(narrow(this.positions.weight, 0, 0, length));
    for (const block of this.blocks) x = block(x);
    return this.head(this.norm(x));
  }

  /** The mean loss of what comes next, in nats per character. Both are i32 [N, L]. */
  loss(characters: Tensor, next: Tensor): Tensor {
    const logits = this.forward(characters);
    return F.crossEntropy(reshape(logits, [-1, this.config.vocabulary]), reshape(next, [-1]));
  }
}
