/** As `productCandidates`, of large tiles, which compile for minutes: ci:long runs them. */
import { test } from 'vitest';
import { checkCandidate, LARGE } from '../support/candidateChecks.js';
import { named } from '../support/productChecks.js';

test.each(LARGE.map(named))('the candidate %s', { timeout: 300_000 }, async (_, how) => checkCandidate(how));
