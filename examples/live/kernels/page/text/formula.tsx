/**
 * Formulas as MathML, which browsers draw by themselves, from short text: `y_{ij} = sum_k{} a_{ik} b_{kj}`. Letters stand for
 * themselves unless they are a name of NAMES; `_` and `^` take what follows, braces group, `frac{a}{b}` and `sqrt{a}` are what they say,
 * and limits of the large operators stand below and above.
 */
import type { ComponentChild } from 'preact';

export type Node =
  | { readonly kind: 'letter' | 'name' | 'number' | 'sign' | 'large'; readonly text: string }
  | { readonly kind: 'row'; readonly parts: readonly Node[] }
  | { readonly kind: 'fraction'; readonly above: Node; readonly below: Node }
  | { readonly kind: 'root'; readonly of: Node }
  | { readonly kind: 'scripts'; readonly base: Node; readonly sub: Node | null; readonly sup: Node | null };

const NAMES = new Set('exp log max min tanh mean argmax softmax sort if else with rank'.split(' '));
const LARGE: Readonly<Record<string, string>> = { sum: '∑', max: 'max', argmax: 'argmax' };

/** What a formula is made of. */
export function parse(text: string): Node {
  const tokens = text.match(/[a-z]{2,}|[A-Za-zα-ωε]|\d+(?:\.\d+)?|\S/g) ?? [];
  let at = 0;
  const row = (): Node => {
    const parts: Node[] = [];
    while (at < tokens.length && tokens[at] !== '}') parts.push(...scripted());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'row', parts };
  };
  const group = (): Node => {
    if (tokens[at] !== '{') {
      const [first = { kind: 'row', parts: [] } as Node, ...rest] = atoms();
      return rest.length > 0 ? { kind: 'row', parts: [first, ...rest] } : first;
    }
    at++;
    const inside = row();
    if (tokens[at++] !== '}') throw new Error(`formula: a brace stays open in ${text}`);
    return inside;
  };
  /** One thing, or the letters of a word that is no name. */
  const atoms = (): Node[] => {
    const token = tokens[at] ?? '';
    if (token === '{') return [group()];
    at++;
    if (token === 'frac') return [{ kind: 'fraction', above: group(), below: group() }];
    if (token === 'sqrt') return [{ kind: 'root', of: group() }];
    const large = LARGE[token];
    if (large && (large === '∑' || tokens[at] === '_')) return [{ kind: 'large', text: large }];
    if (NAMES.has(token)) return [{ kind: 'name', text: token }];
    if (/^[a-z]{2,}$/.test(token)) return [...token].map((letter) => ({ kind: 'letter', text: letter }));
    if (/^[A-Za-zα-ω]$/.test(token)) return [{ kind: 'letter', text: token }];
    return [{ kind: /^\d/.test(token) ? 'number' : 'sign', text: token }];
  };
  const scripted = (): Node[] => {
    const found = atoms();
    let [sub, sup]: (Node | null)[] = [null, null];
    while (tokens[at] === '_' || tokens[at] === '^') {
      if (tokens[at++] === '_') sub = group();
      else sup = group();
    }
    const base = found.pop();
    return base && (sub || sup)
      ? [...found, { kind: 'scripts', base, sub: sub ?? null, sup: sup ?? null }]
      : [...found, ...(base ? [base] : [])];
  };
  const whole = row();
  if (at < tokens.length) throw new Error(`formula: a brace too many in ${text}`);
  return whole;
}

function drawn(node: Node): ComponentChild {
  switch (node.kind) {
    case 'letter':
      return <mi>{node.text}</mi>;
    case 'name':
      return (
        <>
          <mspace width="0.2em" />
          <mi mathvariant="normal">{node.text}</mi>
          <mspace width="0.2em" />
        </>
      );
    case 'number':
      return <mn>{node.text}</mn>;
    case 'sign':
      return /^[()[\]|]$/.test(node.text) ? <mo stretchy={false}>{node.text}</mo> : <mo>{node.text}</mo>;
    case 'large':
      return node.text === '∑' ? <mo>∑</mo> : <mi mathvariant="normal">{node.text}</mi>;
    case 'row':
      return <mrow>{node.parts.map(drawn)}</mrow>;
    case 'fraction':
      return (
        <mfrac>
          <mrow>{drawn(node.above)}</mrow>
          <mrow>{drawn(node.below)}</mrow>
        </mfrac>
      );
    case 'root':
      return <msqrt>{drawn(node.of)}</msqrt>;
    case 'scripts':
      return scripts(node);
    default:
      return node satisfies never;
  }
}

function scripts({ base, sub, sup }: Extract<Node, { kind: 'scripts' }>): ComponentChild {
  const [what, below, above] = [drawn(base), sub && <mrow>{drawn(sub)}</mrow>, sup && <mrow>{drawn(sup)}</mrow>];
  if (base.kind === 'large') {
    if (below && above) {
      return (
        <munderover>
          {what}
          {below}
          {above}
        </munderover>
      );
    }
    return (
      <munder>
        {what}
        {below ?? above}
      </munder>
    );
  }
  if (below && above) {
    return (
      <msubsup>
        {what}
        {below}
        {above}
      </msubsup>
    );
  }
  return below ? (
    <msub>
      {what}
      {below}
    </msub>
  ) : (
    <msup>
      {what}
      {above}
    </msup>
  );
}

export function Formula({ text }: { text: string }) {
  return (
    <math display="block">
      <mrow>{drawn(parse(text))}</mrow>
    </math>
  );
}
