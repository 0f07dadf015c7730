/**
 * The page's style. Text on background reaches a contrast of 7:1 or more in both schemes, targets are 44 CSS pixels high, and no
 * size is fixed in pixels that a visitor may want larger.
 */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#16191d;--soft:#454c55;--line:#8a929c;--mark:#eef3f8;--link:#0b4a8f}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#f2f4f6;--soft:#c3cad2;--line:#717a85;--mark:#1f252c;--link:#9cc9ff}}
*{box-sizing:border-box}
html{font:100%/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere}
header,main,footer{max-width:42rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;gap:0 1.5rem;align-items:center;justify-content:space-between;padding-top:.5rem}
.provider{margin:.5rem 0;font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem;list-style:none;margin:0 0 0 -.75rem;padding:0}
nav a{display:inline-block;min-height:2.75rem;padding:.6rem .75rem}
nav a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
a{color:var(--link);text-underline-offset:.2em}
a:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:.2rem}
h1{font-size:1.9rem;line-height:1.2;margin:1.5rem 0 .5rem}
h2{font-size:1.2rem;line-height:1.3;margin:2rem 0 .5rem}
.host{font-size:1.25rem;font-weight:600;margin:0 0 1rem}
.host small{font-size:.8em;font-weight:400;color:var(--soft)}
dl{margin:0;border:1px solid var(--line);border-radius:.5rem;background:var(--mark)}
dl div{display:grid;grid-template-columns:1fr;padding:.6rem 1rem}
dl div+div{border-top:1px solid var(--line)}
dt{color:var(--soft)}
dd{margin:0;font-weight:600}
.case{font:600 1.05em/1.4 ui-monospace,"DejaVu Sans Mono",monospace;user-select:all;-webkit-user-select:all}
.contacts{list-style:none;margin:0;padding:0}
.contacts li{padding:.25rem 0}
.contacts a{display:inline-block;min-height:2.75rem;padding:.6rem 0}
.label{display:block;color:var(--soft)}
label{display:block;font-weight:600;margin:1.25rem 0 .25rem}
.hint{color:var(--soft);margin:0 0 .25rem}
input,textarea{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.35rem;padding:.6rem .75rem;min-height:2.75rem}
input:focus-visible,textarea:focus-visible,button:focus-visible{outline:3px solid var(--link);outline-offset:2px}
button{font:inherit;font-weight:600;min-height:2.75rem;margin:1.5rem 0;padding:.6rem 1.5rem;border:0;border-radius:.35rem;color:var(--paper);background:var(--link)}
.wrong{border-left:.3rem solid var(--ink);padding:.25rem 0 .25rem .75rem;font-weight:600}
.away{position:absolute;left:-100rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.5rem .5rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child{text-align:left;min-width:6.5rem}
td{white-space:nowrap;font-variant-numeric:tabular-nums}
thead th{color:var(--soft);font-weight:400;vertical-align:bottom}
th small{display:block;font-size:.9em;font-weight:400;color:var(--soft)}
.group th{padding-top:1.25rem}
.wide{overflow-x:auto;overflow-wrap:break-word}
.wide:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.act{margin:1.5rem 0}
.act a{display:inline-block;min-height:2.75rem;padding:.6rem 1.5rem;border-radius:.35rem;font-weight:600;text-decoration:none;color:var(--paper);background:var(--link)}
footer{padding-top:1rem;padding-bottom:2rem;color:var(--soft)}
@media (min-width:36rem){dl div{grid-template-columns:11rem 1fr;gap:1rem}.contacts li{display:grid;grid-template-columns:11rem 1fr;gap:1rem;align-items:center}}
@media print{nav{display:none}}
`
