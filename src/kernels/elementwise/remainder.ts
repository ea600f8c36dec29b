/**
 * Remainders of floats, exactly: WGSL's % takes a whole quotient from a rounded one. The significands are divided as whole
 * numbers, eight binary places at a time, so that an exponent 250 above the other takes 32 steps.
 */
export const FMOD = `
fn significand(bits: u32) -> u32 { return (bits & 0x7fffffu) | select(0u, 0x800000u, bits >= 0x800000u); }
fn fmod_(a: f32, b: f32) -> f32 {
  let x = bitcast<u32>(a) & 0x7fffffffu;
  let y = bitcast<u32>(b) & 0x7fffffffu;
  if (x >= 0x7f800000u || y > 0x7f800000u || y == 0u) { return bitcast<f32>(bitcast<u32>(a) | 0x7fc00000u); }
  if (x < y) { return a; }
  let low = max(y >> 23u, 1u);
  let m = significand(y);
  var rest = significand(x) % m;
  for (var left = max(x >> 23u, 1u) - low; left > 0u && rest > 0u; left -= min(left, 8u)) {
    rest = (rest << min(left, 8u)) % m;
  }
  // rest · 2^(low - 150)
  let exponents = vec2(max(low, 24u) - 23u, min(low, 24u) + 103u) << vec2(23u);
  let size = f32(rest) * bitcast<f32>(exponents.x) * bitcast<f32>(exponents.y);
  return bitcast<f32>((bitcast<u32>(a) & 0x80000000u) | bitcast<u32>(size));
}`;

// With the sign of b.
export const REMAINDER = `
fn remainder_(a: f32, b: f32) -> f32 {
  let rest = fmod_(a, b);
  return select(rest, rest + b, rest != 0.0 && (rest < 0.0) != (b < 0.0));
}`;
