/** What a shader's text says. */

/** Invocations of a workgroup. */
export function workgroupSize(wgsl: string): number {
  const [, sizes = ''] = /@workgroup_size\(([^)]*)\)/.exec(wgsl) ?? [];
  const named = (text: string): string => new RegExp(`const ${text}\\b[^=]*= *(\\d+)`).exec(wgsl)?.[1] ?? '';
  const product = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .reduce((all, size) => all * Number.parseInt(/^\d/.test(size) ? size : named(size), 10), 1);
  if (sizes === '' || !Number.isFinite(product)) throw new Error(`no workgroup size in "${sizes}"`);
  return product;
}

/** Where the bracket ends that opens at `from`. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '[') depth++;
    if (text[i] === ']' && --depth === 0) return i;
  }
  return text.length;
}

/** Bindings for writing whose content the shader never reads: all that it does to them is to assign elements. */
export function writtenOnly(wgsl: string): ReadonlySet<number> {
  const text = wgsl.replace(/\/\/.*$/gm, '').replace(/arrayLength\(&\w+\)/g, '');
  const found = new Set<number>();
  for (const [declaration, binding, name = ''] of text.matchAll(
    /@binding\((\d+)\) var<storage, read_write> (\w+):[^;]*;/g,
  )) {
    const uses = [...text.replace(declaration, '').matchAll(new RegExp(`\\b${name}\\b`, 'g'))];
    const body = text.replace(declaration, '');
    const isAssigned = ({ index }: RegExpExecArray): boolean => {
      const bracket = index + name.length;
      return body[bracket] === '[' && /^(\.\w+)?\s*=(?!=)/.test(body.slice(closing(body, bracket) + 1));
    };
    if (uses.every(isAssigned)) found.add(Number(binding));
  }
  return found;
}
