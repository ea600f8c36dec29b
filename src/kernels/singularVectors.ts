/**
 * The last part of singular.ts: from W = AV, whose columns are orthogonal, the vectors uᵢ = wᵢ / |wᵢ|, and both in order. Columns that
 * are 0 get unit vectors orthogonal to all others, u ← e − Σ (uᵢ·e) uᵢ, where e is the unit vector of the coordinate with the most left,
 * 1 − Σ uᵢ²: at least one in q is, so that one pass of Gram and Schmidt is enough.
 *
 * Layout: what is left of each coordinate is in the column behind W; each lane has every so many-th four of these.
 */

/** WGSL in the names of singular.ts. */
export const vectorsText = `
  if (lane == 0u) {
    pending = 0u;
    for (var i = 0u; i < p; i++) { pending += select(0u, 1u, sizes[i] > EMPTY); }
  }
  let full = workgroupUniformLoad(&pending);
  for (var c = 0u; c < p; c++) {
    if (sizes[c] > EMPTY) {
      for (var i = lane; i < q4; i += LANES) { work[start + c * q4 + i] /= sizes[c]; }
    }
  }
  for (var i = lane; i < q4; i += LANES) {
    var weight = vec4<f32>(1.0);
    for (var j = 0u; j < 4u; j++) { if (4u * i + j >= q) { weight[j] = -1.0; } }
    for (var k = 0u; k < full; k++) {
      let u = work[start + order[k] * q4 + i];
      weight -= u * u;
    }
    work[start + p * q4 + i] = weight;
  }
  for (var rank = full; rank < p; rank++) {
    var most = -1.0;
    var place = 0u;
    for (var i = lane; i < q4; i += LANES) {
      let weight = work[start + p * q4 + i];
      for (var j = 0u; j < 4u; j++) {
        if (weight[j] > most) {
          most = weight[j];
          place = 4u * i + j;
        }
      }
    }
    sums[lane].x = most;
    marks[lane] = place;
    storageBarrier();
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      if (lane < half) {
        let other = sums[lane + half].x;
        if (other > sums[lane].x || (other == sums[lane].x && marks[lane + half] < marks[lane])) {
          sums[lane].x = other;
          marks[lane] = marks[lane + half];
        }
      }
      workgroupBarrier();
    }
    place = marks[0];
    workgroupBarrier();
    var square = 0.0;
    let own = start + order[rank] * q4;
    for (var i = lane; i < q4; i += LANES) {
      var v = vec4<f32>(0.0);
      if (i == place / 4u) { v[place % 4u] = 1.0; }
      for (var k = 0u; k < rank; k++) {
        let u = start + order[k] * q4;
        v -= work[u + place / 4u][place % 4u] * work[u + i];
      }
      work[own + i] = v;
      square += dot(v, v);
    }
    add_up(lane, square);
    let size = sqrt(sums[0].x);
    for (var i = lane; i < q4; i += LANES) {
      let u = work[own + i] / size;
      work[own + i] = u;
      work[start + p * q4 + i] -= u * u;
    }
    workgroupBarrier();
  }
  storageBarrier();
  workgroupBarrier();
  for (var rank = 0u; rank < p; rank++) {
    let c = order[rank];
    let to = g * p + rank;
    for (var i = lane; i < q; i += LANES) { longs[to * q + i] = select(work[start + c * q4 + i / 4u][i % 4u], nan, broken); }
    for (var i = lane; i < p; i += LANES) { shorts[to * p + i] = select(work[turned + c * p4 + i / 4u][i % 4u], nan, broken); }
  }`;
