/**
 * What the GPU suite uses of Vitest, in a page: `describe`, `test` with `each` and `skip`, hooks and `expect`. The
 * browser suite bundles the test files with this module in Vitest's place.
 */
export { expect } from './expect.js';

type Body = () => unknown;
type Options = number | { timeout?: number };

interface Case {
  name: string;
  body: Body;
  timeout: number;
}

interface Group {
  name: string;
  parent: Group | null;
  /** Cases and groups in the order they were declared. */
  children: (Case | Group)[];
  hooks: Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Body[]>;
}

/** A test that ended. */
export interface Outcome {
  name: string;
  milliseconds: number;
  /** Absent where it passed. */
  error?: string;
}

/** A test that asks for more is a slow one. */
export const DEFAULT_TIMEOUT = 120_000;

const newGroup = (name: string, parent: Group | null): Group => ({
  name,
  parent,
  children: [],
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
});

let current = newGroup('', null);

function declareGroup(name: string, body: () => void): void {
  const group = newGroup(name, current);
  current.children.push(group);
  current = group;
  try {
    body();
  } finally {
    current = group.parent ?? group;
  }
}

function declareCase(name: string, first: Body | Options, second?: Body | Options): void {
  const body = [first, second].find((part): part is Body => typeof part === 'function');
  const options = [first, second].find((part): part is Options => part !== undefined && typeof part !== 'function');
  if (!body) throw new Error(`test "${name}" has no body`);
  const timeout = (typeof options === 'number' ? options : options?.timeout) ?? DEFAULT_TIMEOUT;
  current.children.push({ name, body, timeout });
}

/** `%s` and its like, and `$field`, as in Vitest. */
function title(template: string, row: readonly unknown[], index: number): string {
  const fields = row[0];
  let at = 0;
  return template
    .replace(/%([sdifjo#%])/g, (_, kind: string) => {
      if (kind === '%') return '%';
      if (kind === '#') return String(index);
      const value = row[at++];
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    })
    .replace(/\$([a-zA-Z_]\w*)/g, (whole, field: string) =>
      typeof fields === 'object' && fields !== null && field in fields
        ? String((fields as Record<string, unknown>)[field])
        : whole,
    );
}

const nothing = () => undefined;

function withModifiers<Part extends (...args: never[]) => unknown>(
  declare: (name: string, body: Part, options?: Options) => void,
) {
  const each =
    (rows: readonly unknown[]) =>
    (template: string, first: Part | Options, second?: Part | Options): void => {
      const [body, options] = typeof first === 'function' ? [first, second as Options] : [second as Part, first];
      rows.forEach((row, index) => {
        const values = Array.isArray(row) ? row : [row];
        declare(title(template, values, index), (() => body(...(values as never[]))) as Part, options);
      });
    };
  const skip = Object.assign(nothing, { each: () => nothing });
  const plain = Object.assign(declare, { each });
  return Object.assign(plain, {
    skip,
    skipIf: (condition: unknown) => (condition ? skip : plain),
    runIf: (condition: unknown) => (condition ? plain : skip),
  });
}

export const describe = withModifiers<() => void>(declareGroup);
export const test = withModifiers<Body>(declareCase);
export const it = test;
export const beforeAll = (body: Body): void => void current.hooks.beforeAll.push(body);
export const afterAll = (body: Body): void => void current.hooks.afterAll.push(body);
export const beforeEach = (body: Body): void => void current.hooks.beforeEach.push(body);
export const afterEach = (body: Body): void => void current.hooks.afterEach.push(body);

/**
 * Runs what `load` declares, in order; `settle` runs after each test and fails it by throwing. `wanted` leaves tests out,
 * and the hooks of groups that lose all.
 */
export async function runFile(
  load: () => Promise<unknown>,
  settle: Body,
  report: (event: { started: string } | { ended: Outcome }) => Promise<unknown>,
  wanted: (name: string, timeout: number) => boolean = () => true,
): Promise<void> {
  const root = newGroup('', null);
  current = root;
  const one = async (name: string, body: () => Promise<unknown>): Promise<void> => {
    await report({ started: name });
    const start = performance.now();
    const error = await body().then(nothing, describeError);
    await report({ ended: { name, milliseconds: performance.now() - start, ...(error && { error }) } });
  };
  const failing = (name: string, error: string) => report({ ended: { name, milliseconds: 0, error } });

  const anyWanted = (group: Group, path: string): boolean =>
    group.children.some((child) => {
      const name = under(path, child);
      return 'body' in child ? wanted(name, child.timeout) : anyWanted(child, name);
    });
  const runGroup = async (group: Group, path: string, outer: Group[]): Promise<void> => {
    const groups = [...outer, group];
    if (!anyWanted(group, path)) return;
    const problem = await inOrder(group.hooks.beforeAll).then(nothing, describeError);
    for (const child of group.children) {
      const name = under(path, child);
      if ('body' in child && !wanted(name, child.timeout)) continue;
      if (problem !== undefined) await failing(name, problem);
      else if ('children' in child) await runGroup(child, name, groups);
      else {
        await one(name, async () => {
          await inOrder(groups.flatMap((g) => g.hooks.beforeEach));
          // What cleaning up throws does not hide what the test threw.
          const body = within(child.timeout, child.body);
          const after = [...groups.toReversed().flatMap((g) => g.hooks.afterEach), settle];
          const cleaned = body.catch(nothing).then(() => inOrder(after));
          await Promise.allSettled([cleaned]);
          await body;
          await cleaned;
        });
      }
    }
    const late = await inOrder(group.hooks.afterAll).then(nothing, describeError);
    if (late !== undefined) await failing(`${path || 'file'} > afterAll`, late);
  };

  const broken = await load().then(nothing, describeError);
  if (broken !== undefined) await failing('(loading the file)', broken);
  else await runGroup(root, '', []);
}

const under = (path: string, { name }: Case | Group): string => [path, name].filter(Boolean).join(' > ');

async function inOrder(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body();
}

async function within(milliseconds: number, body: Body): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${milliseconds} ms`)), milliseconds);
  });
  await Promise.race([(async () => body())(), late]).finally(() => clearTimeout(timer));
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stack = '', message } = error;
  // V8's stacks begin with the message, Firefox's do not have it.
  const told = stack.includes(message) ? stack : `${error.name}: ${message}\n${stack}`;
  return error.cause === undefined ? told : `${told}\nfor: ${describeError(error.cause)}`;
}
