"""The frame of a page that stands alone: style, one script for the copy buttons, nothing from a network.

Every rule is kept under ``.dlcheck``, so that a notebook can show the same body among other people's outputs.
"""

from __future__ import annotations

from html import escape

STYLE = """
.dlcheck{--page:#fbfbfa;--card:#fff;--ink:#1d1f23;--soft:#565c66;--line:#d9dce1;--code:#f1f2f4;
--error:#a4161a;--warning:#7a4a00;--note:#1f5fa8;--good:#1b6b3a;--link:#1f5fa8;--focus:#1f5fa8;
color:var(--ink);background:var(--page);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;
overflow-wrap:break-word}
@media(prefers-color-scheme:dark){.dlcheck{--page:#131519;--card:#1b1e24;--ink:#e7e9ec;--soft:#a7aeb9;--line:#343942;--code:#252932;
--error:#ff9a93;--warning:#f2c063;--note:#8fc1ff;--good:#7fdca0;--link:#8fc1ff;--focus:#8fc1ff}}
.dlcheck *{box-sizing:border-box}
.dlcheck .inner{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.dlcheck h1{font-size:1.6rem;line-height:1.25;margin:0 0 .35rem;display:flex;gap:.7rem;align-items:baseline;font-weight:650}
.dlcheck h2{font-size:1.15rem;margin:2.2rem 0 .7rem;font-weight:650}
.dlcheck h3{font-size:1.1rem;margin:0 0 .4rem;line-height:1.35;font-weight:650}
.dlcheck h4{font-size:1rem;margin:1rem 0 .3rem;font-weight:650}
.dlcheck p{margin:.35rem 0}
.dlcheck .about{color:var(--soft);font-size:.9rem}
.dlcheck .about span:not(:last-child)::after{content:" \\00b7  "}
.dlcheck .card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:0 0 1rem;}
.dlcheck .card.error,.dlcheck .card.warning,.dlcheck .card.note{border-left:.3rem solid var(--edge)}
.dlcheck .error{--edge:var(--error)}.dlcheck .warning{--edge:var(--warning)}.dlcheck .note{--edge:var(--note)}
.dlcheck .good{--edge:var(--good)}
.dlcheck .sign,.dlcheck .badge{color:var(--edge)}
.dlcheck .badge{font-size:.8rem;font-weight:650;border:1px solid currentColor;border-radius:1rem;
padding:.05rem .55rem;white-space:nowrap}
.dlcheck .slug{color:var(--soft);font-size:.85rem}
.dlcheck .top{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:center;margin-bottom:.5rem}
.dlcheck .safety{color:var(--soft);font-size:.85rem}
.dlcheck code,.dlcheck pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
.dlcheck code{background:var(--code);border-radius:.25rem;padding:.1em .3em;color:var(--ink)}
.dlcheck pre{background:var(--code);color:var(--ink);border-radius:.4rem;padding:.65rem .8rem;margin:.3rem 0;overflow-x:auto;
white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5}
.dlcheck pre code{background:none;padding:0;font-size:1em}
.dlcheck .command{display:flex;gap:.5rem;align-items:flex-start}
.dlcheck .command pre{flex:1 1 auto;min-width:0;user-select:all}
.dlcheck button{font:inherit;font-size:.85rem;color:var(--ink);background:var(--card);border:1px solid var(--line);
border-radius:.4rem;padding:.35rem .7rem;min-height:2.75rem;min-width:4.4rem;margin:.3rem 0;cursor:pointer}
.dlcheck button:hover{border-color:var(--soft)}
.dlcheck :focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.dlcheck details{border-top:1px solid var(--line);margin-top:.7rem}
.dlcheck .card>details:first-child{border-top:0;margin-top:0}
.dlcheck summary{cursor:pointer;padding:.55rem 0;min-height:2.75rem;font-weight:550}
.dlcheck .scroll{overflow-x:auto}
.dlcheck table{border-collapse:collapse;width:100%;font-size:.92rem;color:inherit;background:none}
.dlcheck th,.dlcheck td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);
background:none;white-space:normal;color:inherit}
.dlcheck tbody tr:last-child>*{border-bottom:0}
.dlcheck .labels th{width:11rem}
.dlcheck thead th{color:var(--soft);font-weight:550;white-space:nowrap}
.dlcheck tbody th{font-weight:550}
.dlcheck td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.dlcheck figure{margin:0 0 1rem}.dlcheck figcaption{color:var(--soft);font-size:.9rem}
.dlcheck svg{max-width:100%;height:auto}
.dlcheck a{color:var(--link)}
.dlcheck .skip{position:absolute;left:-99rem}.dlcheck .skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
.dlcheck .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:36rem){.dlcheck h1{font-size:1.35rem}.dlcheck .command{flex-direction:column;align-items:stretch;gap:0}
.dlcheck .command button{align-self:flex-end}
.dlcheck .stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.dlcheck .stack tr{display:block;padding:.5rem 0}
.dlcheck .stack tr:not(:last-child){border-bottom:1px solid var(--line)}
.dlcheck .stack :is(th,td){display:block;border:0;padding:.1rem 0;width:auto}
.dlcheck .labels th{width:auto}
.dlcheck .stack td:empty{display:none}
.dlcheck .stack td[data-label]::before{content:attr(data-label) ": ";color:var(--soft)}}
@media print{.dlcheck button{display:none}.dlcheck details::details-content{content-visibility:visible}
.dlcheck .card{break-inside:avoid}}
"""

# A notebook's own theme decides there, not the system's.
NOTEBOOK_STYLE = """
[data-jp-theme-light=true] .dlcheck,.vscode-light .dlcheck,html[theme=light] .dlcheck{--page:transparent;--card:#fff;--ink:#1d1f23;
--soft:#565c66;--line:#d9dce1;--code:#f1f2f4;--error:#a4161a;--warning:#7a4a00;--note:#1f5fa8;--good:#1b6b3a;--link:#1f5fa8}
[data-jp-theme-light=false] .dlcheck,.vscode-dark .dlcheck,html[theme=dark] .dlcheck{--page:transparent;--card:#1b1e24;
--ink:#e7e9ec;--soft:#a7aeb9;--line:#343942;--code:#252932;--error:#ff9a93;--warning:#f2c063;--note:#8fc1ff;--good:#7fdca0;--link:#8fc1ff}
.dlcheck .inner{padding:.5rem 0 1rem;margin:0}
"""

# Without the script (or without leave to use the clipboard) a click on a command selects it whole: user-select above.
SCRIPT = """
document.addEventListener("click",function(event){
  var button=event.target.closest(".dlcheck button[data-copy]");
  if(!button)return;
  var text=button.parentNode.querySelector("code").textContent;
  var said=document.getElementById("said");
  function done(){button.textContent="Copied";said.textContent="Copied to the clipboard";
    setTimeout(function(){button.textContent="Copy";said.textContent=""},2000)}
  function select(){var range=document.createRange();range.selectNodeContents(button.parentNode.querySelector("code"));
    var chosen=getSelection();chosen.removeAllRanges();chosen.addRange(range);
    try{if(document.execCommand("copy")){done();return}}catch(error){}
    said.textContent="Selected: copy it with the keyboard"}
  if(navigator.clipboard){navigator.clipboard.writeText(text).then(done,select)}else{select()}
});
"""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


def page(title: str, body: str) -> str:
    """A whole document around ``body`` (HTML); ``title`` is text."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
<style>body{{margin:0}}html{{color-scheme:light dark}}{STYLE}</style>
</head>
<body class="dlcheck">
<a class="skip" href="#main">Skip to the verdict</a>
<main id="main" class="inner">
{body}
</main>
<div id="said" class="unseen" role="status" aria-live="polite"></div>
<script>{SCRIPT}</script>
</body>
</html>
"""


def fragment(body: str) -> str:
    """``body`` (HTML) as a part of somebody else's page, such as a notebook."""
    return f'<div class="dlcheck"><style>{STYLE}{NOTEBOOK_STYLE}</style><div class="inner">{body}</div></div>'
