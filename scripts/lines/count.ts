import ts from 'typescript';

/**
 * Lines of TypeScript that have code on them. Comments and blank lines are none, blank lines of template strings neither. What
 * else stands in a string is code, so a comment of WGSL counts.
 */
export function codeLines(text: string): number {
  const source = ts.createSourceFile('counted.ts', text, ts.ScriptTarget.Latest, true);
  const lines = text.split('\n');
  const counted = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    const [start, end] = [node.getStart(source), node.getEnd()];
    if (start === end) return;
    const last = source.getLineAndCharacterOfPosition(end).line;
    for (let { line } = source.getLineAndCharacterOfPosition(start); line <= last; line++) {
      if (lines[line]?.trim()) counted.add(line);
    }
  };
  visit(source);
  return counted.size;
}
