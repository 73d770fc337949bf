// Holds every .html of a folder against html-validate and caniemail; prints what they find as JSON: finding -> files.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { caniemail } from "caniemail";
import { HtmlValidate } from "html-validate";

const folder = process.argv[2];
// What mails need and pages do not: styles where they act, the attributes and comments that Outlook reads.
const OFF = ["no-conditional-comment", "no-inline-style", "no-deprecated-attr"];
const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: Object.fromEntries(OFF.map((rule) => [rule, "off"])),
});

const found = { html: {}, clients: {} };
const add = (where, what, file) => ((where[what] ??= new Set()).add(file));

for (const file of readdirSync(folder).filter((name) => name.endsWith(".html")).sort()) {
  const html = readFileSync(join(folder, file), "utf-8");
  const report = await validator.validateString(html);
  for (const result of report.results)
    for (const message of result.messages) add(found.html, `${message.ruleId}: ${message.message}`, file);
  const { issues } = caniemail({ clients: ["*"], html });
  for (const level of ["errors", "warnings"])
    for (const [client, list] of issues[level] ?? [])
      for (const issue of list) add(found.clients, `${level === "errors" ? "no" : "partly"}|${issue.title}|${client}`, file);
}
console.log(JSON.stringify(found, (_, value) => (value instanceof Set ? [...value] : value)));
