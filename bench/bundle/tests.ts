/** The GPU suite in Node without Vitest, as the bundle runs it. `FILES` is put in by the bundler's entry. */
import { writeFileSync } from 'node:fs';
import type { Outcome } from '../../test/browser/harness.js';
import { runSuite } from '../../test/browser/suite.js';

type Files = Parameters<typeof runSuite>[1];

/** Runs the files whose names hold one of the arguments, or all. Ends the process: 1 where a test failed or none ran. */
export async function runTests(files: Files): Promise<void> {
  const [json, ...parts] = process.argv.slice(2);
  const wanted = files.filter(([name]) => parts.length === 0 || parts.some((part) => name.includes(part)));
  const summary = {
    adapter: '',
    passed: 0,
    failed: 0,
    failures: [] as { file: string; name: string; error: string }[],
  };
  let file = '';
  const host = {
    async call(name: string, event: unknown): Promise<void> {
      if (name === 'adapter') {
        summary.adapter = String(event);
        console.log(summary.adapter);
      } else if (name === 'file') {
        file = String(event);
        console.log(`${file} (${summary.passed} passed so far)`);
      } else if (typeof event === 'object' && event && 'ended' in event) {
        const { name: test, error } = event.ended as Outcome;
        if (error === undefined) summary.passed++;
        else {
          summary.failed++;
          summary.failures.push({ file, name: test, error });
          console.log(` ✗ ${test}\n${error}`);
        }
      }
    },
  };
  await runSuite(host, wanted).catch((error: unknown) => {
    summary.failed++;
    summary.failures.push({ file, name: 'the suite broke off', error: String(error) });
  });
  console.log(`${summary.passed} passed, ${summary.failed} failed`);
  if (json) writeFileSync(json, `${JSON.stringify(summary, null, 1)}\n`);
  process.exit(summary.failed > 0 || summary.passed === 0 ? 1 : 0);
}
