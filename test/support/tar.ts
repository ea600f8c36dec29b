/** Makes small tar archives for tests. */

export interface Entry {
  name: string;
  bytes?: Uint8Array;
  type?: string;
  link?: string;
}

/** A ustar archive of the entries, with its end mark. */
export function tar(entries: readonly Entry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, bytes = new Uint8Array(0), type = '0', link = '' }) => {
    const header = new Uint8Array(512);
    const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
    put(0, name);
    put(100, '0000644\0');
    put(124, `${bytes.length.toString(8).padStart(11, '0')} `);
    put(148, '        ');
    put(156, type);
    put(157, link);
    put(257, 'ustar\x0000');
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    const body = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    body.set(bytes);
    return [header, body];
  });
  return concat([...blocks, new Uint8Array(1024)]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
