/** The figures of `npm run isa`: how they are read, what they miss, and that those committed are of today's kernels. */
import { expect, test } from 'vitest';
import { outdated } from '../../bench/isa/committed.js';
import { type Figures, figuresOf } from '../../bench/isa/figures.js';
import { measuredKernels } from '../../bench/isa/kernels.js';
import { missed } from '../../bench/isa/targets.js';

test('the committed figures are of the kernels as they are: else run `npm run isa -- --update`', async () => {
  const kernels = await measuredKernels();
  expect(outdated(kernels)).toEqual([]);
  const [first, ...others] = kernels;
  if (!first) throw new Error('there are no kernels');
  expect(outdated([{ ...first, wgsl: `${first.wgsl}//` }, ...others])).toHaveLength(4);
});

const REPORT = `VGPRs: 88
Spilled VGPRs: 2
Spilled SGPRs: 0
LDS size: 6656
Subgroups per SIMD: 10
assembly:
BB0:
	v_mov_b32_e32 v4, 0                                         ; 7e080280
	v_fma_f32 v1, v2, v3, v4                                    ; d54b0001 04120702
BB3:
	ds_read_b128 v[20:23], v1                                   ; dbfc0000 14000001
	v_fmac_f32_e32 v8, v20, v24                                 ; 56103114
	v_dual_fmac_f32 v9, v21, v24 :: v_dual_mul_f32 v10, v1, v2  ; c8060000 00000000
	v_mac_f32_e32 v8, v20, v24                                  ; 2c103114
	v_fmaak_f32 v8, v20, v24, 0x3f800000                        ; 5a103114 3f800000
	ds_write_b32 v1, v8                                         ; d8340000 00000801
	s_cbranch_scc1 BB3                                          ; bf850000
BB4:
	v_fma_f32 v1, v2, v3, v4                                    ; d54b0001 04120702
`;

test('a report in figures: those of the block with most multiply-adds', () => {
  expect(figuresOf(REPORT, '')).toEqual({
    ...{ vgprs: 88, spilled: 2, lds: 6656, waves: 10 },
    ...{ fma: 4, valu: 5, ldsReads: 1, fmaPerLds: 4, share: 0.8, loopShare: null },
  });
});

test('the share over the loop around it, by what a slice has to multiply', () => {
  const copying = `BB1:
	buffer_load_dword v5, v6, s[0:3], 0 offen                   ; e0301000 80000506
	v_add_nc_u32_e32 v6, v7, v6                                 ; 4a0c0d07
BB2:
	ds_read_b128 v[30:33], v1                                   ; dbfc0000 1e000001
	v_add_f32_e32 v40, v30, v40                                 ; 06505128
`;
  const report = REPORT.replace('BB3:', `${copying}BB3:`).replace('BB4:', 'BB4:\n\ts_branch BB1\nBB5:');
  const wgsl = `    for (var k = 0u; k < 3u; k++) {
      {
      let a0 = leftSlice[k];
      sum0_0_0 += a0[0] * b0; sum0_1_0 += a0[1] * b0;
      }
    }`;
  // 24 multiply-adds are six turns of four with an instruction more in each; besides, one address. What adds up rows is left out.
  expect(figuresOf(report, wgsl).loopShare).toBeCloseTo(24 / (6 * 5 + 1), 10);
  expect(figuresOf(report, 'fn main() {}').loopShare).toBeNull();
});

test('a kernel without arithmetic on vectors', () => {
  const { fma, fmaPerLds, share } = figuresOf(`${REPORT.split('BB0')[0]}BB0:\n\ts_endpgm ; bf810000\n`, '');
  expect([fma, fmaPerLds, share]).toEqual([0, null, null]);
});

test('a driver that leaves out a figure', () => {
  expect(() => figuresOf(REPORT.replace('LDS size', 'Local size'), '')).toThrow('LDS size');
});

const GOOD: Figures = {
  ...{ vgprs: 128, spilled: 0, lds: 0, waves: 8, fma: 95, valu: 100, ldsReads: 5 },
  ...{ fmaPerLds: 16, share: 0.95, loopShare: 0.85 },
};
const LARGE = { workgroups: [8, 8, 1], flops: 2 ** 31 };
const SMALL = { workgroups: [2, 1, 1], flops: 4 * 64 * 1024 };

test.each([
  ['nothing', LARGE, {}, []],
  ['registers', LARGE, { vgprs: 129 }, ['vgprs']],
  ['spills', LARGE, { spilled: 1 }, ['spilled']],
  ['reads of a large product', LARGE, { fmaPerLds: 15.9 }, ['fmaPerLds']],
  ['nothing, of a small product', SMALL, { fmaPerLds: 10.7 }, []],
  ['reads of a small product', SMALL, { fmaPerLds: 8 }, ['fmaPerLds']],
  ['no reads', SMALL, { ldsReads: 0, fmaPerLds: null }, []],
  ['other instructions', LARGE, { share: 0.949 }, ['share']],
  ['other instructions of short turns', SMALL, { fma: 32, share: 0.94 }, ['share']],
  ['other instructions in the loop over slices', LARGE, { loopShare: 0.849 }, ['loopShare']],
  ['nothing, of a small product', SMALL, { loopShare: 0.5 }, []],
  ['no multiply-adds', SMALL, { share: null }, ['share']],
  ['workgroups', { ...LARGE, workgroups: [63, 1, 1] }, {}, ['workgroups']],
  ['workgroups of a small product', { ...SMALL, workgroups: [1, 1, 1] }, {}, ['workgroups']],
  ['nothing, where it is no product', { workgroups: [1, 1, 1] }, { share: 0.1, fmaPerLds: 1 }, []],
])('misses %s', (_, kernel, figures, wanted) => {
  expect(missed(kernel, { ...GOOD, ...figures })).toEqual(wanted);
});
