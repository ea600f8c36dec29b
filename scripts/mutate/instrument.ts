/**
 * Marks, in the sources of the kernels, every place of their WGSL that can be broken, so that a shader tells which lines
 * of the sources it was put together from, however its generator folds, unrolls or leaves them out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../page.js';
import { HOLE, isOperator, tokens } from './wgsl.js';

/** Where a token stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** The file of `src/kernels` or `src/ops/elementwise`, or its folder: `conv2d`, `pool`. */
  readonly family: string;
}

export interface Instrumented {
  /** By absolute path: the source with markers. */
  readonly sources: ReadonlyMap<string, string>;
  /** By the marker's number. */
  readonly places: readonly Place[];
}

/** Where WGSL is written. */
const FOLDERS = ['src/kernels', 'src/ops/elementwise'];

/** All sources with WGSL in them; the same sources give the same numbers. */
export function instrumentKernels(): Instrumented {
  const sources = new Map<string, string>();
  const places: Place[] = [];
  for (const folder of FOLDERS) {
    const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .sort();
    for (const name of names) {
      const path = join(ROOT, folder, name);
      const file = relative(ROOT, path);
      const [family = ''] = name.replace(/\.ts$/, '').split(/[\\/]/);
      const add = (line: number): number => places.push({ file, line, family }) - 1;
      sources.set(path, instrument(readFileSync(path, 'utf8'), add));
    }
  }
  return { sources, places };
}

/** Marks one source. `add` is told the line of each place and gives its number. */
export function instrument(source: string, add: (line: number) => number): string {
  const tree = ts.createSourceFile('kernel.ts', source, ts.ScriptTarget.Latest, true);
  const inserts: { at: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    const pieces = textOf(node);
    if (pieces && isWgsl(node)) {
      // One text with a character for each hole, and for each of its characters where it stands in the source.
      const where: number[] = [];
      const text = pieces
        .map(([start, end], i) => {
          if (i > 0) where.push(pieces[i - 1]?.[1] ?? start);
          for (let at = start; at < end; at++) where.push(at);
          return source.slice(start, end);
        })
        .join(HOLE);
      for (const { text: token, start, changes } of tokens(text)) {
        const hole = token.startsWith(HOLE);
        const at = where[start];
        // A lone operator, as in join(' + '), finds its operands only in the shader.
        const breakable = changes.length > 0 || isOperator(token);
        if ((!hole && !breakable) || at === undefined) continue;
        const number = add(tree.getLineAndCharacterOfPosition(at).line + 1);
        inserts.push({ at, text: `/*${hole ? '^' : '~'}${number}*/` });
      }
    }
    // What is compared with a piece of WGSL is compared without markers.
    if (
      ts.isBinaryExpression(node) &&
      isComparison(node) &&
      ts.isStringLiteral(node.right) &&
      breakable(node.right.text)
    ) {
      inserts.push({ at: node.left.getStart(), text: '(' });
      inserts.push({ at: node.left.end, text: String.raw`).replace(/\/\*[~^]\d+\*\//g, '')` });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  let result = '';
  let from = 0;
  for (const { at, text } of inserts.sort((a, b) => a.at - b.at)) {
    result += source.slice(from, at) + text;
    from = at;
  }
  return result + source.slice(from);
}

/** Ranges in the source of a string's pieces: one, or one more than it has holes. Null for other nodes. */
function textOf(node: ts.Node): [number, number][] | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
    return [[node.getStart() + 1, node.end - 1]];
  if (!ts.isTemplateExpression(node)) return null;
  const spans = node.templateSpans.map(({ literal }): [number, number] => [
    literal.getStart() + 1,
    literal.end - (ts.isTemplateTail(literal) ? 1 : 2),
  ]);
  return [[node.head.getStart() + 1, node.head.end - 2], ...spans];
}

const breakable = (text: string): boolean =>
  tokens(text).some(({ text, changes }) => changes.length > 0 || isOperator(text));

const isComparison = ({ operatorToken }: ts.BinaryExpression): boolean =>
  operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
  operatorToken.kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;

/** Methods whose string arguments look for something. */
const LOOKING = /^(replace|replaceAll|split|includes|startsWith|endsWith|indexOf)$/;

/** False where a string cannot become part of a shader: imports, types, names of kernels, errors, keys, comparisons. */
function isWgsl(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isConditionalExpression(parent) || ts.isParenthesizedExpression(parent) || ts.isAsExpression(parent))
    return isWgsl(parent);
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && parent.name.getText() !== 'name';
  if (ts.isBinaryExpression(parent)) return !isComparison(parent);
  if (ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression))
    return parent.expression.expression === node || !LOOKING.test(parent.expression.name.text);
  return !(
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isNewExpression(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isComputedPropertyName(parent) ||
    ts.isCaseClause(parent)
  );
}
