// The pages of the example: plain HTML from template literals, every value escaped.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Marks text that `html` made, so that nesting does not escape twice. */
class Html {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

function html(strings, ...values) {
  const show = (value) => {
    if (value instanceof Html) return value.text;
    if (Array.isArray(value)) return value.map(show).join('');
    return String(value ?? '').replace(/[&<>"']/g, (character) => escapes[character]);
  };
  return new Html(strings.reduce((text, part, index) => text + show(values[index - 1]) + part));
}

function page(title, user, content) {
  const links = user
    ? html`<a href="/profile">Profile</a><a href="/appointments">Appointments</a><a class="button quiet" href="/logout">Log out</a>`
    : html`<a href="/signup">Sign up</a><a class="button" href="/login">Log in</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · Riverside Clinic</title>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header>
    <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Riverside Clinic</a>
    <nav aria-label="Main">${links}</nav>
  </header>
  <main>${content}</main>
  <footer>An example of Keywright on <code>express-openid-connect</code>.</footer>
</body>
</html>
`.toString();
}

export function homePage(user) {
  const content = user
    ? html`
    <h1>Hello, ${user.name ?? user.email}.</h1>
    <p class="lead">You are logged in. Your profile came in the ID token; your appointments come from the API, with the access token.</p>
    <p class="actions"><a class="button" href="/appointments">My appointments</a><a class="button quiet" href="/profile">My profile</a></p>`
    : html`
    <h1>Your appointments, in one place.</h1>
    <p class="lead">Log in to see who you meet this week. The login page belongs to your identity provider: this application never sees your password.</p>
    <p class="actions"><a class="button" href="/login">Log in</a><a class="button quiet" href="/signup">Create an account</a></p>`;
  return page('Home', user, content);
}

export function profilePage(user) {
  const initial = [...(user.name ?? user.email ?? '?')][0].toUpperCase();
  const rows = Object.entries(user).map(
    ([claim, value]) => html`<tr><th scope="row"><code>${claim}</code></th><td>${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`,
  );
  return page(
    'Profile',
    user,
    html`
    <section class="card person">
      <span class="avatar" aria-hidden="true">${initial}</span>
      <div><h1>${user.name ?? user.email}</h1><p>${user.email}</p></div>
    </section>
    <section class="card">
      <h2>Claims of the ID token</h2>
      <table>${rows}</table>
    </section>`,
  );
}

/**
 * @param user claims of the ID token
 * @param token access token of the session, as express-openid-connect gives it
 * @param status of the API's answer; 200 shows the appointments, everything else the answer as it is
 */
export function appointmentsPage(user, token, status, answer) {
  const list =
    status === 200
      ? html`<ul class="appointments">${answer.appointments.map(
          (item) => html`<li><time>${item.when}</time><strong>${item.about}</strong><span>${item.with}</span></li>`,
        )}</ul>`
      : html`<pre>${JSON.stringify(answer, null, 2)}</pre>`;
  return page(
    'Appointments',
    user,
    html`
    <section class="card">
      <h1>Appointments</h1>
      <p>The API answered <code class="status">${status}</code> to <code>GET /api/appointments</code>.</p>
      ${list}
    </section>
    <section class="card">
      <h2>The access token</h2>
      <p>It ends with <code class="token-end">${token.access_token.slice(-12)}</code> and expires in ${duration(token.expires_in)}. The refresh token gets the next one without a login.</p>
      <form method="post" action="/refresh"><button type="submit">Refresh the token</button></form>
    </section>`,
  );
}

function duration(seconds) {
  const [amount, unit] = seconds >= 7200 ? [seconds / 3600, 'hours'] : [seconds / 60, 'minutes'];
  return `${Math.round(amount)} ${unit}`;
}

export function errorPage(error, description) {
  return page(
    'Not logged in',
    null,
    html`
    <h1>That did not work.</h1>
    <p class="lead">${description}</p>
    <p><code class="error">${error}</code></p>
    <p class="actions"><a class="button" href="/login">Try again</a><a class="button quiet" href="/">Home</a></p>`,
  );
}
