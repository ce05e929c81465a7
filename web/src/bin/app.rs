//! The page: mounts the application on the document's body.

use rumormill_web::glue::Background;
use std::rc::Rc;
use yew::prelude::*;

#[component]
fn App() -> Html {
    let answer = use_state(String::new);
    let background = use_mut_ref(|| None::<Rc<Background>>);
    {
        let answer = answer.clone();
        use_effect_with((), move |()| {
            let on_error = answer.clone();
            let spawned = Background::spawn(
                move |bytes| answer.set(String::from_utf8_lossy(&bytes).into_owned()),
                move |text| on_error.set(format!("worker failed: {text}")),
            );
            if let Ok(spawned) = spawned {
                spawned.send(b"hello");
                *background.borrow_mut() = Some(Rc::new(spawned));
            }
            move || drop(background.borrow_mut().take())
        });
    }
    html! {
        <main>
            <h1>{ "Rumormill" }</h1>
            <p id="worker-answer">{ (*answer).clone() }</p>
        </main>
    }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
