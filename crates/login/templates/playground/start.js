// The page itself: its tabs, its buttons, and where it begins.
const tabs = [...document.querySelectorAll('[role=tab]')];

function choose(flow) {
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${flow}`;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    at(tab.getAttribute('aria-controls')).hidden = !chosen;
  }
}

for (const [index, tab] of tabs.entries()) {
  const flow = tab.id.slice('tab-'.length);
  tab.addEventListener('click', () => {
    choose(flow);
    history.replaceState(null, '', `${location.pathname}#${flow}`);
  });
  tab.addEventListener('keydown', (event) => {
    const moves = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const next = tabs[(moves[event.key] + tabs.length) % tabs.length];
    next.click();
    next.focus();
  });
}

for (const button of document.querySelectorAll('[data-act]')) {
  const flow = button.closest('#device-steps') ? 'device' : 'code';
  button.addEventListener('click', run(() => (button.dataset.act === 'api' ? callApi(flow) : refresh(flow))));
}

// Nothing of an earlier visit that a browser may have filled in.
for (const input of Object.values(settings)) input.value = input.defaultValue;
at('settings').open = !settings.clientId.value;
mark('device', 'request', 'now');
mark('code', 'prepare', 'now');

const answer = new URLSearchParams(location.search);
if (answer.has('state')) {
  choose('code');
  mark('code', 'prepare');
  comeBack(answer);
} else if (location.hash === '#code') choose('code');
