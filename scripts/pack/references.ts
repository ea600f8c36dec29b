/** What files of the package name must be in it: sources of source maps, links between its pages. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Links that lead to where the repository alone has something. */
const REPOSITORY = /^(bench|examples|test|scripts|docs\/api|docs\/results)(\/|$)|^\.ci\//;

/** @param files the package's, relative to `root`. @returns a line for each reference that leads nowhere */
export function strayReferences(root: string, files: ReadonlySet<string>): string[] {
  const folders = new Set([...files].flatMap((file) => ancestors(file)));
  const missing = (from: string, to: string): string[] => {
    const path = posix.join(posix.dirname(from), to);
    if (files.has(path) || folders.has(path)) return [];
    return REPOSITORY.test(path) && existsSync(join(root, path)) ? [] : [`${from}: ${to}`];
  };
  return [...files].flatMap((file) => {
    if (!/\.(map|md)$/.test(file)) return [];
    const text = readFileSync(join(root, file), 'utf8');
    if (file.endsWith('.md')) return linksOf(text).flatMap((link) => missing(file, link));
    const { sources } = JSON.parse(text) as { sources: string[] };
    return sources.flatMap((source) => missing(file, source));
  });
}

const ancestors = (file: string): string[] => file.split('/').map((_, i, parts) => parts.slice(0, i).join('/'));

/** Relative targets of Markdown's links, without what they name inside a page. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\((?!\w+:)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target.replace(/\/$/, ''));
