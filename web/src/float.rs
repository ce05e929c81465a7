//! Powers, sines and cosines for what is drawn, and numbers as text: the browser's own, because the standard library's come
//! along as code and tables. They may differ in the last bit from browser to browser, so nothing that must be the same everywhere, such as a
//! simulation, may use them.

#[cfg(target_arch = "wasm32")]
mod own {
    pub(super) fn pow(base: f64, exponent: f64) -> f64 {
        js_sys::Math::pow(base, exponent)
    }

    pub(super) fn sin(angle: f64) -> f64 {
        js_sys::Math::sin(angle)
    }

    pub(super) fn cos(angle: f64) -> f64 {
        js_sys::Math::cos(angle)
    }

    pub(super) fn plain(value: f64) -> String {
        js_sys::Number::from(value).to_string_with_radix(10).map(String::from).unwrap_or_default()
    }

    pub(super) fn fixed(value: f64, digits: u8) -> String {
        js_sys::Number::from(value).to_fixed(digits).map(String::from).unwrap_or_default()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod own {
    pub(super) fn pow(base: f64, exponent: f64) -> f64 {
        base.powf(exponent)
    }

    pub(super) fn sin(angle: f64) -> f64 {
        angle.sin()
    }

    pub(super) fn cos(angle: f64) -> f64 {
        angle.cos()
    }

    pub(super) fn plain(value: f64) -> String {
        value.to_string()
    }

    pub(super) fn fixed(value: f64, digits: u8) -> String {
        format!("{value:.*}", usize::from(digits))
    }
}

/// A power.
pub fn pow(base: f64, exponent: f64) -> f64 {
    own::pow(base, exponent)
}

/// A number in as few digits as tell it from all others.
pub fn plain(value: f64) -> String {
    own::plain(value)
}

/// A number with so many digits behind its point, at most a hundred.
pub fn fixed(value: f64, digits: u8) -> String {
    own::fixed(value, digits)
}

/// The sine of an angle in radians.
pub fn sin(angle: f32) -> f32 {
    own::sin(f64::from(angle)) as f32
}

/// The cosine of an angle in radians.
pub fn cos(angle: f32) -> f32 {
    own::cos(f64::from(angle)) as f32
}
