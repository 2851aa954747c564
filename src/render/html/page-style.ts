/**
 * Light, dark and paper. The colours of users and results are those of Okabe and Ito, which every kind of colour
 * vision tells apart; in the dark two of them are lighter.
 */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2126;--quiet:#5d6872;--grid:#e4e8ec;--lane:#eef1f4;--card:#f6f8fa;--good:#00664b;--bad:#a83800;
--c0:#0072b2;--c1:#e69f00;--c2:#009e73;--c3:#cc79a7;--c4:#56b4e9;--c5:#d55e00;--c6:#b5a800;--rest:#a9b2ba;--fair:#1c2126}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e6eaee;--quiet:#9aa7b2;--grid:#2a3138;--lane:#20262c;--card:#1b2127;--good:#3fc79a;--bad:#ff8f57;
--c0:#3d9fe0;--c1:#f0b429;--c2:#1fbf92;--c3:#dd93bb;--c4:#7fcbf5;--c5:#f07a2b;--c6:#f0e442;--rest:#66717b;--fair:#f4f6f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:28px 24px 48px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:19px;margin:40px 0 6px;padding-top:14px;border-top:1px solid var(--grid)}
h3{font-size:14px;margin:18px 0 4px}
p{margin:6px 0}
.note,.lead{color:var(--quiet)}
.note{font-size:13.5px;max-width:76ch}
.verdict{font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}
.figures{border-collapse:collapse;margin:18px 0;font-variant-numeric:tabular-nums}
.figures th,.figures td{padding:5px 22px 5px 0;text-align:right;white-space:nowrap}
.figures tr>:first-child{text-align:left;font-weight:400;color:var(--quiet)}
.figures thead th{border-bottom:2px solid var(--grid)}
.cards{display:flex;flex-wrap:wrap;gap:10px;margin:18px 0 0;padding:0;list-style:none}
.cards li{background:var(--card);border:1px solid var(--grid);border-radius:8px;padding:9px 14px;min-width:132px;flex:1}
.cards b{display:block;font-size:20px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.cards span{color:var(--quiet);font-size:13px}
.checks{list-style:none;padding:0;margin:8px 0}
.checks li{padding:2px 0 2px 26px;text-indent:-26px;overflow-wrap:anywhere}
.checks li::before{content:"\\2713";display:inline-block;width:26px;text-indent:0;font-weight:700;color:var(--good)}
.checks li.failed{font-weight:600;color:var(--bad)}
.checks li.failed::before{content:"\\2717";color:var(--bad)}
figure{margin:8px 0 16px}figcaption{font-weight:600;font-size:14px}
.drawing,.scroll{overflow-x:auto}
.drawing svg{display:block;width:100%;min-width:620px;height:auto}
svg text{font-size:11.5px;fill:var(--ink)}
svg .tick{fill:var(--quiet);font-size:11px}
svg .group{font-weight:700;font-size:12.5px}
svg .mark{font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--grid);stroke-width:1}
.lane{fill:var(--lane)}
.c0{fill:var(--c0);stroke:var(--c0)}.c1{fill:var(--c1);stroke:var(--c1)}.c2{fill:var(--c2);stroke:var(--c2)}.c3{fill:var(--c3);stroke:var(--c3)}
.c4{fill:var(--c4);stroke:var(--c4)}.c5{fill:var(--c5);stroke:var(--c5)}.c6{fill:var(--c6);stroke:var(--c6)}.c-rest{fill:var(--rest);stroke:var(--rest)}
path,polygon,rect,circle{stroke:none!important}
.line{fill:none!important;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.thick{stroke-width:5}.line.thin{stroke-width:1.5}
.faint{opacity:.45}.ink{stroke:var(--fair)}
.fair{fill:none;stroke:var(--fair);stroke-width:1.5;stroke-dasharray:5 4}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:4px 0 0;padding:0 0 0 8px;font-size:13px}
.legend li{overflow-wrap:anywhere}
.key{width:14px;height:10px;margin-right:6px}
.users table,.units table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
.users caption,.units caption{text-align:left;color:var(--quiet);padding:4px 0}
.users th,.users td,.units th,.units td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
.users tr>:first-child,.units tr>:first-child{text-align:left;white-space:normal;min-width:7rem;overflow-wrap:anywhere;font-weight:400}
.users thead th,.units thead th{font-weight:600;color:var(--quiet)}
.users button{all:unset;cursor:pointer;padding:2px}
.users button:hover{text-decoration:underline}
.users [aria-sort=ascending] button::after{content:" \\2191"}.users [aria-sort=descending] button::after{content:" \\2193"}
.search{display:block;margin:8px 0}.search[hidden]{display:none}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--quiet);border-radius:6px;padding:5px 9px;width:min(320px,100%)}
:focus-visible{outline:2px solid var(--c0);outline-offset:2px}
pre{background:var(--card);border:1px solid var(--grid);border-radius:6px;padding:9px 12px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;font-size:13.5px}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:600px){main{padding:18px 14px 32px}h1{font-size:21px}.figures{font-size:13px}.figures th,.figures td{padding-right:14px}dl{grid-template-columns:1fr}dt{margin-top:6px}}
@media print{:root{--paper:#fff;--ink:#000;--quiet:#444;--grid:#ccc;--lane:#eee;--card:#fff;--fair:#000}main{max-width:none;padding:0}.search{display:none}
figure,section,.cards li{break-inside:avoid}.drawing svg{min-width:0}.c0,.c1,.c2,.c3,.c4,.c5,.c6,.lane,.c-rest{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
