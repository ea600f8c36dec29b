/** Every link of the site leads somewhere: to a file that is there, and to an element that has the anchor's name. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from 'node-html-parser';

interface Page {
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

function read(file: string): Page {
  const html = parse(readFileSync(file, 'utf8'), {
    comment: false,
    blockTextElements: { script: false, style: false },
  });
  const all = html.querySelectorAll('[id], [name], [href], [src]');
  const values = (name: string): string[] => all.flatMap((element) => element.getAttribute(name) ?? []);
  return { ids: new Set([...values('id'), ...values('name')]), links: [...values('href'), ...values('src')] };
}

const decoded = (text: string): string => decodeURIComponent(text);

/** What is wrong, as sentences; links to other hosts are counted and not followed. */
export function brokenLinks(site: string): { broken: string[]; links: number; outward: number } {
  const pages = new Map<string, Page>();
  for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.html')) pages.set(join(site, name), read(join(site, name)));
  }
  const broken = new Set<string>();
  let [links, outward] = [0, 0];
  for (const [file, page] of pages) {
    for (const link of page.links) {
      links++;
      if (/^(https?|mailto|data):/.test(link)) {
        outward++;
        continue;
      }
      const [path = '', anchor = ''] = link.split('#', 2).map(decoded);
      let target = path === '' ? file : join(dirname(file), path.replace(/\?.*$/, ''));
      if (existsSync(target) && statSync(target).isDirectory()) target = join(target, 'index.html');
      const there = pages.get(target);
      const lacks = there && anchor !== '' && !there.ids.has(anchor);
      if (lacks || (!there && !existsSync(target))) broken.add(`${relative(site, file)}: ${link}`);
    }
  }
  return { broken: [...broken], links, outward };
}
