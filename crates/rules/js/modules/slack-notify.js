// `slack-notify`: a message to a web hook of Slack.
"use strict";
const request = require("request");

module.exports = (url) => {
  const send = (options, callback) => {
    const done = typeof callback === "function" ? callback : () => {};
    if (!url) return void kit.later(() => done({ message: "No Slack URL configured" }));
    const message = typeof options === "string" ? { text: options } : { ...options };
    if (message.fields && !Array.isArray(message.fields)) {
      const fields = Object.keys(message.fields).map((title) => ({ title, value: message.fields[title], short: String(message.fields[title]).length < 25 }));
      message.attachments = [...(message.attachments ?? []), { fallback: "Alert details", fields }];
      delete message.fields;
    }
    const promise = request.perform({ uri: url, method: "POST", form: { payload: JSON.stringify(message) } });
    promise.then(
      (response) => kit.guarded(() => done(response.body === "ok" ? null : { message: response.body })),
      (error) => kit.guarded(() => done(error)),
    );
    return promise;
  };
  const extend = (defaults) => (options, callback) => send({ ...defaults, ...(typeof options === "string" ? { text: options } : options) }, callback);
  return {
    send, request: send, extend, onError: () => {},
    success: extend({ channel: "#alerts", icon_emoji: ":trophy:", username: "Success" }),
    bug: extend({ channel: "#bugs", icon_emoji: ":bomb:", username: "Bug" }),
    alert: extend({ channel: "#alerts", icon_emoji: ":warning:", username: "Alert" }),
    note: extend({ channel: "#alerts", icon_emoji: ":speech_balloon:", username: "Note" }),
  };
};
