import * as k from 'kindling';
console.log(await k.init());
const x = k.tensor([[1,2,3],[4,5,6]], {requiresGrad:true});
await x.print();
const y = x.mul(x).add(k.tensor([1,2,3])).sum({dim:1});
await y.print();
y.sum().backward();
await x.grad!.print();
const r = k.step(()=>{ const z = x.relu().mean(); z.backward(); return z; });
console.log(await r.item()); await x.grad!.print();
await k.permute(x,[1,0]).print(); await k.cat([x,x],1).print(); await k.flip(x,1).print();
await k.argmax(x,{dim:1}).print(); await k.variance(x,{dim:1}).print();
await k.linspace(0,1,5).print(); await k.randn([2,3]).print(); await k.eye(3).print(); await k.arange(2000).print();
for (const f of [k.tanh,k.sigmoid,k.exp,k.erf,k.gelu,k.softplus,k.silu,k.elu,k.sin,k.log1p]) {
  const a = k.tensor([0.3,0.9,1.7,2.5,0.01],{requiresGrad:true}); console.log(f.name, await k.gradcheck(f,[a]).catch(e=>e.message));
}
const a=k.tensor([[0.3],[0.9]],{requiresGrad:true}), b=k.tensor([1.5,2,3],{requiresGrad:true});
for (const f of [k.add,k.sub,k.mul,k.div,k.maximum,k.pow]) console.log(f.name, await k.gradcheck(f as any,[a,b]).catch(e=>e.message));
const inner = k.step(()=>{ (globalThis as any).leak = x.mul(2); return null; });
try { await (globalThis as any).leak.add(1).print(); } catch(e) { console.log(String(e)); }
const big = k.randn([200003]); const d=await big.data(); console.log(await big.sum().item(), d.reduce((a,b)=>a+b,0));
console.log(await k.where(x.gt(3), x, 0).array());
await k.pad(x,[1,2,0,1],{value:.5}).print();
process.exit(0);
