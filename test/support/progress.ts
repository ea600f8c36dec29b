import type { Reporter, TestCase } from 'vitest/node';

/** Something is printed at least this often, so that a slow test file cannot be taken for a hanging one. */
const HEARTBEAT = 20_000;

/** A line naming the running test whenever nothing ended for a while. */
export class Progress implements Reporter {
  #timer: ReturnType<typeof setInterval> | undefined;
  #running = '';
  #done = 0;
  #last = Date.now();

  onTestRunStart(): void {
    this.#timer = setInterval(() => {
      if (Date.now() - this.#last < HEARTBEAT) return;
      this.#last = Date.now();
      console.log(`   … ${this.#running || 'starting'} (${this.#done} tests done)`);
    }, 1000);
  }

  onTestCaseReady(test: TestCase): void {
    this.#running = `${test.module.moduleId.replace(`${process.cwd()}/`, '')} > ${test.fullName}`;
  }

  onTestCaseResult(): void {
    this.#done += 1;
  }

  onTestModuleEnd(): void {
    this.#last = Date.now();
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }
}
