// The lessons: which there are, and the one that the address names.
import { Lesson } from "./lesson.js";
import { element, find } from "./words.js";

export const isLesson = (hash) => /^#lessons?\b/.test(hash);

export function openLessons({ lessons, file }, source, failed) {
  find("explore").hidden = find("more").hidden = find("about").hidden = true;
  find("ways").hidden = Boolean(file?.only);
  find("way-lessons").setAttribute("aria-current", "page");
  const place = find("lesson");
  place.hidden = false;
  document.querySelector(".skip").href = "#lesson";
  const asked = new URLSearchParams(location.hash.slice(1));
  const name = asked.get("lesson") ?? (file?.only ? lessons[0].name : null);
  const lesson = lessons.find((one) => one.name === name);
  if (lesson) new Lesson(lesson, lessons, asked, source, { place, failed, file });
  else list(lessons, place, asked.get("lesson"));
}

function list(lessons, place, unknown) {
  document.title = "qispread: six lessons";
  const cards = lessons.map(({ name, number, title, minutes, story, budget }) =>
    element("li", {},
      element("a", { href: `#lesson=${name}` }, `${number}. ${title}`),
      element("p", {}, story[0]),
      element("p", { class: "small" }, `${minutes.whole} minutes${budget ? ", and a game with a budget" : ""}`)));
  place.replaceChildren(
    element("h1", {}, lessons.length === 1 ? "A lesson: say what you expect, see, explain" : "Six lessons: say what you expect, see, explain"),
    element("p", { class: "lead" }, "In each the class writes down what it expects before anything is shown. Then 200 worlds of the model answer, and the class looks for the one thing that would change it."),
    ...(unknown ? [element("p", { role: "alert" }, `There is no lesson called ${unknown.slice(0, 40)}.`)] : []),
    element("ol", { class: "cards" }, ...cards),
    element("p", { class: "small" }, "Nothing is kept: what a class says stands in the address of its own page."));
}
