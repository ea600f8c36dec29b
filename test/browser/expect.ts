/** Vitest's own `expect`, put together without its runner, so that a test file means the same in a page. */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  type MatcherState,
  setState,
} from '@vitest/expect';
import * as chai from 'chai';

// A failure names what differs, not `[ Array(1) ]`.
chai.config.truncateThreshold = 0;
chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

const globals = globalThis as unknown as Record<PropertyKey, object>;
const call = (value: unknown, message?: string) => chai.expect(value, message);
const matchers = Object.assign(call, chai.expect, globals[ASYMMETRIC_MATCHERS_OBJECT]);

export const expect = matchers as unknown as ExpectStatic;
expect.getState = () => getState(expect);
expect.setState = (state) => setState(state as Partial<MatcherState>, expect);
expect.extend = (added) =>
  (chai.expect as unknown as { extend(to: unknown, what: unknown): void }).extend(expect, added);
setState<MatcherState>({ assertionCalls: 0, currentTestName: '' }, expect);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, configurable: true, writable: true });
expect.extend(customMatchers);
