"""How the page looks: on paper and on screens, wide and narrow, light and dark."""

_LIGHT = """
--page: #ffffff; --ink: #17202a; --quiet: #566370; --rule: #e2e7eb; --faint: #f5f7f9;
--good: #18794e; --bad: #c1121f; --unproven: #8a5a00; --bad-ground: #fdecec;
--requests: #a9c3dc; --busiest: #d9e5f0; --latency: #3b4a5a;
--serving: #cfe9da; --serving-word: #14492f;
--draining: #fdf0cf; --draining-stroke: #e3b341; --draining-word: #5c4400;
--out: #ffffff; --out-edge: #9aa5b0; --out-word: #566370;
--deploying: #dfe9fb; --deploying-stroke: #8fb1ee; --deploying-word: #173a75;
--joining: #e8f5ec; --joining-stroke: #93cfa9; --joining-word: #14492f;
--unknown: #ece7f5; --unknown-word: #40306b; --done: #8495a6;
--v0: #d5dce3; --v1: #79abd9; --v2: #e0b973; --v3: #93b58c; --v4: #b592b8; --v5: #b9c0c7;
--on-v0: #17202a; --on-v1: #0d1b29;
"""

_DARK = """
--page: #12171c; --ink: #e6ebf0; --quiet: #9dabb8; --rule: #2a333c; --faint: #1a2128;
--good: #5fd39a; --bad: #ff7b7b; --unproven: #e8b74f; --bad-ground: #3a1c1f;
--requests: #35526f; --busiest: #2a3f54; --latency: #c9d5e1;
--serving: #1f4a35; --serving-word: #c4efd7;
--draining: #3b3015; --draining-stroke: #8a6a1c; --draining-word: #fbe3a4;
--out: #12171c; --out-edge: #62707d; --out-word: #9dabb8;
--deploying: #1c2c4a; --deploying-stroke: #3f64a5; --deploying-word: #cfe0ff;
--joining: #17301f; --joining-stroke: #3b7a53; --joining-word: #c4efd7;
--unknown: #2d2640; --unknown-word: #d9ccf7; --done: #7d8d9c;
--v0: #46525d; --v1: #4f8ac4; --v2: #b08a45; --v3: #6b9464; --v4: #a27ba6; --v5: #5b6670;
--on-v0: #e6ebf0; --on-v1: #08131d;
"""

STYLESHEET = (
    f":root {{{_LIGHT}}}\n@media screen and (prefers-color-scheme: dark) {{:root {{{_DARK}}}}}\n"
    """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main { max-width: 1168px; margin: 0 auto; padding: 24px; }

header { border-left: 5px solid; padding-left: 16px; margin-bottom: 28px; }
header.good { border-color: var(--good); }
header.bad { border-color: var(--bad); }
header.unproven { border-color: var(--unproven); }
header.bad h1 { color: var(--bad); }
header.unproven h1 { color: var(--unproven); }
.about { margin: 0; color: var(--quiet); }
.about strong { color: var(--ink); font-weight: 600; margin-right: 12px; }
h1 { margin: 2px 0 0; font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 40px 0 8px; font-size: 16px; font-weight: 650; }

.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px 32px; margin: 0 0 24px; }
.figures div { border-top: 1px solid var(--rule); padding-top: 8px; min-width: 0; }
.figures dt { color: var(--quiet); font-size: 13px; }
.figures dd { margin: 0; }
.figures .value { font-size: 28px; line-height: 1.25; font-weight: 600; letter-spacing: -.01em; }
.figures .remark { color: var(--quiet); font-size: 13px; }
.figures .bad { border-top-color: var(--bad); }
.figures .bad .value { color: var(--bad); }
.notes { margin: 0 0 24px; padding: 0; list-style: none; color: var(--quiet); font-size: 14px; }

.picture { display: none; width: 100%; height: auto; font-family: inherit; overflow: visible; }
.desktop { display: block; }
.picture text { fill: var(--ink); }
.picture .heading { font-weight: 600; }
.picture .quiet { fill: var(--quiet); }
.picture .on-chart { paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round; }
.picture path { stroke-width: 1; }
.time { stroke: var(--rule); }
.fold { stroke: var(--quiet); stroke-dasharray: 2 3; }
.base { stroke: var(--out-edge); }
.ruler { stroke: var(--ink); stroke-opacity: .1; }
.requests { fill: var(--requests); }
.busiest { fill: var(--busiest); }
.picture .latency { fill: none; stroke: var(--latency); stroke-width: 1.6; stroke-linejoin: round;
  stroke-linecap: round; }
.cover { fill: transparent; }
.cover:hover { fill: var(--ink); fill-opacity: .07; }
.loss, .loss-band { fill: var(--bad); }
.loss-band { fill-opacity: .18; pointer-events: none; }
.picture .loss-count { fill: var(--bad); font-weight: 700; }

.serving { fill: var(--serving); }
.out { fill: var(--out); stroke: var(--out-edge); stroke-dasharray: 3 3; }
.unknown { fill: var(--unknown); stroke: var(--out-edge); }
.draining-ground { fill: var(--draining); }
.deploying-ground { fill: var(--deploying); }
.joining-ground { fill: var(--joining); }
.draining-stroke { stroke: var(--draining-stroke); }
.deploying-stroke { stroke: var(--deploying-stroke); }
.joining-stroke { stroke: var(--joining-stroke); }
.picture .serving-word { fill: var(--serving-word); }
.picture .out-word { fill: var(--out-word); }
.picture .unknown-word { fill: var(--unknown-word); }
.picture .draining-word { fill: var(--draining-word); stroke: var(--draining); }
.picture .deploying-word { fill: var(--deploying-word); stroke: var(--deploying); }
.picture .joining-word { fill: var(--joining-word); stroke: var(--joining); }
.on-state { paint-order: stroke; stroke-width: 3.5px; stroke-linejoin: round; }

.run.done { fill: var(--done); }
.run.failed { fill: var(--bad); }
.run.unfinished { fill: none; stroke: var(--unproven); stroke-width: 1.5; stroke-dasharray: 4 3; }
.done-word { color: var(--quiet); }
.failed-word { color: var(--bad); font-weight: 650; }
.unfinished-word { color: var(--unproven); font-weight: 650; }
.picture .done-word { fill: var(--quiet); }
.picture .failed-word { fill: var(--bad); }
.picture .unfinished-word { fill: var(--unproven); }

.version-0 { fill: var(--v0); } .version-1 { fill: var(--v1); } .version-2 { fill: var(--v2); }
.version-3 { fill: var(--v3); } .version-4 { fill: var(--v4); } .version-5 { fill: var(--v5); }
.picture .on-version-0, .picture .on-version-5 { fill: var(--on-v0); font-weight: 600; }
.picture .on-version-1, .picture .on-version-2, .picture .on-version-3, .picture .on-version-4 {
  fill: var(--on-v1); font-weight: 600; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 6px 16px 6px 0; border-top: 1px solid var(--rule); }
thead th { color: var(--quiet); font-weight: 500; font-size: 13px; border-top: 0; vertical-align: bottom;
  overflow-wrap: normal; }
tbody th { font-weight: 500; color: var(--quiet); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; }
.number, .brief { white-space: nowrap; width: 1%; }
.compact { width: auto; min-width: 300px; }
.compact .number { width: auto; white-space: normal; overflow-wrap: anywhere; }
small { color: var(--quiet); font-size: 13px; margin-left: 12px; }
.said td { color: var(--quiet); font-size: 13px; border-top: 0; padding-top: 0; }
section p { color: var(--quiet); margin: 0 0 8px; font-size: 14px; }
pre { margin: 0; padding: 12px 14px; background: var(--faint); border-radius: 6px; white-space: pre-wrap;
  font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }

@media (max-width: 1039px) { .desktop { display: none; } .tablet { display: block; } }
@media (max-width: 639px) {
  main { padding: 16px; }
  .tablet { display: none; }
  .phone { display: block; max-width: 480px; }
  h1 { font-size: 24px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 14px 20px; }
  .figures .value { font-size: 23px; }
  th, td { padding-right: 10px; }
  thead .number { white-space: normal; }
  small { display: block; margin-left: 0; }
}
@media print {
  body { font-size: 9.5pt; }
  h1 { font-size: 17pt; }
  h2 { margin-top: 20px; }
  main { padding: 0; max-width: none; }
  header { margin-bottom: 16px; }
  table { font-size: 9pt; }
  th, td { padding-top: 3px; padding-bottom: 3px; }
  .figures, .notes { margin-bottom: 12px; }
  .figures .value { font-size: 16pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, header, .figures { break-inside: avoid; }
  .picture:not(.tall) { max-height: 180mm; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; }
}
"""
)
