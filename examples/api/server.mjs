// The API that the tutorials call: it accepts access tokens for its own audience, and each of its routes
// says which scope it needs. Answers a problem as RFC 6750 does, in `WWW-Authenticate`, and in JSON.
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';

const port = Number(process.env.PORT ?? 3001);
const app = express();
app.disable('x-powered-by');

// Reads the issuer's keys and checks signature, issuer, audience and expiry of the bearer token.
const checkAccessToken = auth({
  issuerBaseURL: process.env.ISSUER_BASE_URL,
  audience: process.env.AUDIENCE,
});

app.get('/', (req, res) => {
  res.json({
    name: 'Appointments API',
    routes: { '/api': 'any access token', '/api/appointments': 'appointments', '/api/contacts': 'contacts' },
  });
});

app.get('/api', checkAccessToken, (req, res) => {
  const { sub, scope, azp } = req.auth.payload;
  res.json({ message: 'Your access token is good here.', sub, scope, application: azp });
});

app.get('/api/appointments', checkAccessToken, requiredScopes('appointments'), (req, res) => {
  res.json({
    appointments: [
      { id: 1, when: 'Monday, 09:30', with: 'Dr. Okafor', about: 'Check-up' },
      { id: 2, when: 'Wednesday, 14:00', with: 'Ms. Lindqvist', about: 'Physiotherapy' },
      { id: 3, when: 'Friday, 11:15', with: 'Dr. Moreau', about: 'Blood test' },
    ],
  });
});

app.get('/api/contacts', checkAccessToken, requiredScopes('contacts'), (req, res) => {
  res.json({
    contacts: [
      { id: 1, name: 'Dr. Okafor', phone: '+49 30 5550 0101' },
      { id: 2, name: 'Ms. Lindqvist', phone: '+46 8 5550 102' },
      { id: 3, name: 'Dr. Moreau', phone: '+33 1 5550 0103' },
    ],
  });
});

app.use((req, res) => res.status(404).json({ error: 'not_found' }));

// Express recognises an error handler by its four parameters.
app.use((error, req, res, next) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  res
    .status(status)
    .set(error.headers ?? {})
    .json({ error: error.code ?? (status === 401 ? 'unauthorized' : 'server_error'), message: status >= 500 ? undefined : error.message });
});

app.listen(port, '127.0.0.1', (error) => {
  if (error) {
    console.error(`The example API cannot listen on port ${port}: ${error.message}`);
    process.exit(1);
  }
  console.log(`Example API      http://localhost:${port}`);
});
